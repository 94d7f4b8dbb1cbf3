package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// report collects the problems of one file and knows where each key stands.
type report struct {
	file     string
	places   map[string]place
	problems Problems
	told     map[string]bool
}

// place is where a key and its value stand.
type place struct {
	key   position
	value position
}

type position struct {
	line   int
	column int
}

func newReport(file string) *report {
	return &report{file: file, places: map[string]place{"": {position{1, 1}, position{1, 1}}}, told: map[string]bool{}}
}

// found remembers where a key stands. A value that is not there stands where
// its key does.
func (r *report) found(path string, key, value ast.Node) {
	if value.Type() == ast.NullType {
		value = key
	}
	r.places[path] = place{key: positionOf(key), value: positionOf(value)}
}

// given reports whether the file has the key.
func (r *report) given(path string) bool {
	_, ok := r.places[path]
	return ok
}

// broken reports whether a problem of the key, or of a key below it, is known:
// what depends on it is then not checked.
func (r *report) broken(path string) bool {
	if r.told[path] {
		return true
	}
	for told := range r.told {
		if strings.HasPrefix(told, path+".") || strings.HasPrefix(told, path+"[") {
			return true
		}
	}
	return false
}

// refuse reports a problem at the value of a key, or of the nearest key around
// it that the file has. A key has one problem at most: the first.
func (r *report) refuse(path, format string, arguments ...any) {
	if r.told[path] {
		return
	}
	r.add(r.nearestPlace(path).value, path, fmt.Sprintf(format, arguments...))
}

// refuseKey reports a problem at the key itself.
func (r *report) refuseKey(path, text string) {
	if !r.told[path] {
		r.add(r.nearestPlace(path).key, path, text)
	}
}

// missing reports a key that is not there, at the key around it.
func (r *report) missing(path, text string) {
	if !r.told[path] {
		r.add(r.nearestPlace(parentOf(path)).key, path, text)
	}
}

func (r *report) add(at position, path, text string) {
	r.told[path] = true
	r.problems = append(r.problems, Problem{File: r.file, Line: at.line, Column: at.column, Path: path, Text: text})
}

func (r *report) nearestPlace(path string) place {
	for {
		if found, ok := r.places[path]; ok {
			return found
		}
		path = parentOf(path)
	}
}

// err returns the problems in the order of the file, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return r.problems
}

// positionOf is where the text of a node starts. A block of keys starts at its
// first key, not at the colon that the parser gives as its token.
func positionOf(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return positionOf(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return positionOf(n.Key)
	}
	token := node.GetToken()
	return position{line: max(token.Position.Line, 1), column: max(token.Position.Column, 1)}
}

func join(path, key string) string {
	if !plainKey(key) {
		key = strconv.Quote(shorten(key))
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func item(path string, index int) string {
	return fmt.Sprintf("%s[%d]", path, index)
}

// parentOf cuts the last key or index off a path.
func parentOf(path string) string {
	end := strings.LastIndexAny(path, ".[")
	if end < 0 {
		return ""
	}
	return path[:end]
}

// plainKey reports whether a key can stand in a path as it is.
func plainKey(key string) bool {
	if key == "" {
		return false
	}
	for _, r := range key {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
		if !letter {
			return false
		}
	}
	return len(key) <= longestKey
}

// longestKey bounds what a problem repeats of a key.
const longestKey = 64

func shorten(key string) string {
	runes := []rune(key)
	if len(runes) <= longestKey {
		return key
	}
	return string(runes[:longestKey]) + "..."
}
