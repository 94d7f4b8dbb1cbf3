package simulator

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// withKnownKeys adds to the error of an unknown key those that there are at its place.
// Other errors stay as they are.
func withKnownKeys(err error, text []byte) error {
	unknown, ok := errors.AsType[*yaml.UnknownFieldError](err)
	if !ok || unknown.Token == nil {
		return err
	}
	file, parseErr := parser.ParseBytes(text, 0)
	if parseErr != nil {
		return err
	}
	finder := keyFinder{line: unknown.Token.Position.Line, column: unknown.Token.Position.Column}
	for _, document := range file.Docs {
		ast.Walk(&finder, document.Body)
	}
	keys := keysOf(typeAt(reflect.TypeFor[Options](), finder.path))
	if len(keys) == 0 {
		return err
	}
	return fmt.Errorf("%w\nknown here: %s", err, strings.Join(keys, ", "))
}

// keyFinder finds the path of the mapping that has a key at this place.
type keyFinder struct {
	line, column int
	path         string
}

// Visit implements ast.Visitor.
func (f *keyFinder) Visit(node ast.Node) ast.Visitor {
	if mapping, ok := node.(*ast.MappingNode); ok {
		for _, entry := range mapping.Values {
			if at := entry.Key.GetToken().Position; at.Line == f.line && at.Column == f.column {
				f.path = mapping.GetPath()
			}
		}
	}
	return f
}

// typeAt follows a path like $.charles.tags[0]. Only keys that the decoder has taken
// stand in it.
func typeAt(t reflect.Type, path string) reflect.Type {
	for step := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' }) {
		name, _, _ := strings.Cut(step, "[")
		if name == "$" {
			continue
		}
		for field := range t.Fields() {
			if keyOf(field) == name {
				t = field.Type
			}
		}
		for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t
}

// keysOf names the keys that a struct is read from, in order of the alphabet.
func keysOf(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		if key := keyOf(field); key != "-" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// keyOf is how the YAML decoder calls a field: records of Hello Charles have the names
// of its JSON.
func keyOf(field reflect.StructField) string {
	tag, ok := field.Tag.Lookup("yaml")
	if !ok {
		tag = field.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	return name
}
