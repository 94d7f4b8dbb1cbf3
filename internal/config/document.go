package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFileBytes bounds a file: a larger one is not a configuration file.
const maxFileBytes = 256 << 10

// maxNesting bounds brackets inside brackets, which the YAML parser follows
// with its own stack.
const maxNesting = 100

// readFile returns the content of a configuration file.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if closed := file.Close(); err == nil {
		err = closed
	}
	return raw, err
}

// document parses a file that must hold exactly one document of keys and
// values, and returns nil when it does not: the report then says why.
func (r *report) document(raw []byte, example string) ast.Node {
	if len(raw) > maxFileBytes {
		r.refuse("", "the file has more than %d bytes, which no configuration file needs", maxFileBytes)
		return nil
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	// The parser counts some Windows line ends twice.
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if !r.readable(raw) {
		return nil
	}
	file, err := parser.ParseBytes(raw, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body == nil:
			body = doc.Body
		default:
			at := positionOf(doc.Body)
			if doc.Start != nil {
				at = position{doc.Start.Position.Line, doc.Start.Position.Column}
			}
			r.add(at, "", "a second document starts here; write one document in a file")
			return nil
		}
	}
	if body == nil || body.Type() == ast.NullType {
		r.refuse("", "the file is empty; start from %s", example)
		return nil
	}
	r.places[""] = place{key: positionOf(body), value: positionOf(body)}
	if _, ok := entriesOf(body); !ok {
		r.refuse("", "expected keys with values, found %s; start from %s", describe(body), example)
		return nil
	}
	r.form("", body)
	return body
}

// readable refuses bytes that the YAML parser would take for something else
// than the author's editor shows, and nesting that it cannot follow.
func (r *report) readable(raw []byte) bool {
	at, nesting := position{1, 1}, 0
	for len(raw) > 0 {
		char, size := utf8.DecodeRune(raw)
		switch {
		case char == utf8.RuneError && size == 1:
			r.add(at, "", "a byte here is not UTF-8 text; save the file as UTF-8")
			return false
		case char < ' ' && char != '\t' && char != '\n':
			r.add(at, "", "a control character stands here; delete it")
			return false
		case char == '\n':
			at = position{at.line + 1, 0}
		case char == '[' || char == '{':
			nesting++
		case char == ']' || char == '}':
			nesting--
		}
		if nesting > maxNesting {
			r.add(at, "", "too many open brackets")
			return false
		}
		at.column++
		raw = raw[size:]
	}
	return true
}

// syntax reports what the YAML parser refuses, without the excerpt of the file
// that its own text holds.
func (r *report) syntax(err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		r.refuse("", "not readable as YAML")
		return
	}
	at := position{1, 1}
	if token := syntax.GetToken(); token != nil && token.Position != nil {
		at = position{max(token.Position.Line, 1), max(token.Position.Column, 1)}
	}
	// What the parser quotes is text of the file.
	message, _, _ := strings.Cut(syntax.GetMessage(), `"`)
	message = strings.TrimRight(message, ": ")
	r.add(at, "", "not readable as YAML: "+message+syntaxHint(message))
}

func syntaxHint(message string) string {
	for _, slip := range syntaxHints {
		if strings.Contains(message, slip.part) {
			return "; " + slip.hint
		}
	}
	return ""
}

// syntaxHints translate what the parser says about the usual slips.
var syntaxHints = []struct{ part, hint string }{
	{"found character '\t'", "indent with spaces, not tabs"},
	{"unexpected key name", "write a space after the colon of every key"},
	{"mapping value is not allowed", "write a value with a colon in quotes, and keys of one level in one column"},
	{"could not find end character", "close the quotes"},
	{"is a reserved character", "write the value in quotes"},
	{"invalid header option", `write a value that starts with "|" or ">" in quotes`},
	{"non-map value is specified", `write "key: value" on every line`},
	{"value is not allowed in this context", "check the indentation"},
}

// form refuses what these files may not hold anywhere: a key twice, anchors,
// aliases, merge keys and tags. Every value stands where it is read.
func (r *report) form(path string, node ast.Node) {
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		r.add(positionOf(node), path, "anchors and aliases are not read here; write the value out")
	case *ast.TagNode:
		r.add(positionOf(node), path, "YAML tags are not read here; write the value without one")
	case *ast.SequenceNode:
		for i, value := range n.Values {
			r.form(item(path, i), value)
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		entries, _ := entriesOf(node)
		r.formOfEntries(path, entries)
	}
}

func (r *report) formOfEntries(path string, entries []*ast.MappingValueNode) {
	first := map[string]int{}
	for _, entry := range entries {
		at := positionOf(entry.Key)
		key, ok := keyOf(entry)
		if !ok {
			r.add(at, path, `expected a plain key; merge keys (<<), anchors and keys with "?" are not read here`)
			continue
		}
		if line, twice := first[key]; twice {
			r.add(at, join(path, key), fmt.Sprintf("the key is written twice, first on line %d; delete one", line))
			continue
		}
		first[key] = at.line
		r.form(join(path, key), entry.Value)
	}
}

// entriesOf returns the keys and values of a node, and false if it has none.
func entriesOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// keyOf returns the key as it is written; numbers and booleans are names here.
func keyOf(entry *ast.MappingValueNode) (string, bool) {
	switch key := entry.Key.(type) {
	case *ast.StringNode:
		return key.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return key.GetToken().Value, true
	default:
		return "", false
	}
}

// describe names the kind of a value, never the value.
func describe(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.NullNode:
		return "nothing"
	default:
		return "text"
	}
}
