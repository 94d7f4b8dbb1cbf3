package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills structs from a document and reports everything that does not
// fit: a field with a problem keeps its default.
type decoder struct {
	*report
	// explain says what to do about an unknown key, given the struct that does
	// not know it.
	explain func(key string, structure reflect.Type) string
}

// structure reads the keys of a node into a struct. The key "except" is read by
// the caller.
func (d decoder) structure(path string, node ast.Node, into reflect.Value, except string) {
	entries, ok := entriesOf(node)
	if !ok {
		d.refuse(path, "expected keys below it (%s), found %s", listed(into.Type()), describe(node))
		return
	}
	fields := map[string]field{}
	for _, f := range fieldsOf(into.Type()) {
		fields[f.name] = f
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		key, ok := keyOf(entry)
		if !ok || seen[key] || key == except {
			continue
		}
		seen[key] = true
		child := join(path, key)
		d.found(child, entry.Key, entry.Value)
		f, known := fields[key]
		if !known {
			d.refuseKey(child, "unknown key; "+d.explain(key, into.Type()))
			continue
		}
		d.value(child, entry.Value, into.FieldByIndex(f.index), f.rules)
	}
	for _, f := range fieldsOf(into.Type()) {
		if f.rules.required && !seen[f.name] {
			d.missing(join(path, f.name), "missing; expected "+expected(into.Type().FieldByIndex(f.index).Type, f.rules))
		}
	}
}

// value reads a node into a field.
func (d decoder) value(path string, node ast.Node, into reflect.Value, rules rules) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return // reported with the form of the document
	case *ast.NullNode:
		d.refuse(path, "has no value; give one or delete the key; expected %s", expected(into.Type(), rules))
		return
	}
	if scalar, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); ok {
		d.scalar(path, node, scalar)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		target := reflect.New(into.Type().Elem())
		fillDefault(target)
		d.value(path, node, target.Elem(), rules)
		into.Set(target)
	case reflect.Struct:
		if short, ok := reflect.TypeAssert[shorthand](into.Addr()); ok && node.Type() == ast.StringType {
			var name string
			d.text(path, node, reflect.ValueOf(&name).Elem(), rules)
			short.named(name)
			return
		}
		d.structure(path, node, into, "")
	case reflect.Map:
		d.named(path, node, into)
	case reflect.Slice:
		d.list(path, node, into)
	case reflect.String:
		d.text(path, node, into, rules)
	default:
		d.plain(path, node, into, rules)
	}
}

// fillDefault gives an optional section its defaults: it is there when it is given.
func fillDefault(target reflect.Value) {
	switch section := target.Interface().(type) {
	case *Channel:
		*section = DefaultChannel()
	case *Notify:
		*section = DefaultNotify()
	case *Schedule:
		section.Cadence = DefaultCadence()
	case *Cadence:
		*section = DefaultCadence()
	}
}

// shorthand is a struct that a file may also give by its name alone.
type shorthand interface{ named(name string) }

// scalar reads a text that its type checks.
func (d decoder) scalar(path string, node ast.Node, into encoding.TextUnmarshaler) {
	if _, compared := into.(*FilterValue); compared {
		if complaint := misspelt(node); complaint != "" {
			d.refuse(path, "%s", complaint)
			return
		}
	}
	var text string
	switch n := node.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = n.GetToken().Value
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		d.refuse(path, "%s", err.Error())
	}
}

// named reads keys that the author chose, each with a struct.
func (d decoder) named(path string, node ast.Node, into reflect.Value) {
	entries, ok := entriesOf(node)
	if !ok {
		d.refuse(path, "expected %s, found %s", expected(into.Type(), rules{}), describe(node))
		return
	}
	if len(entries) == 0 {
		return
	}
	values := reflect.MakeMap(into.Type())
	for _, entry := range entries {
		key, ok := keyOf(entry)
		if !ok || values.MapIndex(reflect.ValueOf(key)).IsValid() {
			continue
		}
		child := join(path, key)
		d.found(child, entry.Key, entry.Value)
		if complaint := complaintAbout(key); complaint != "" {
			d.refuseKey(child, "the name "+complaint)
		}
		value := reflect.New(into.Type().Elem()).Elem()
		d.value(child, entry.Value, value, rules{})
		values.SetMapIndex(reflect.ValueOf(key), value)
	}
	into.Set(values)
}

func (d decoder) list(path string, node ast.Node, into reflect.Value) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		d.refuse(path, "expected a list, found %s", describe(node))
		return
	}
	var each rules
	if choice, ok := reflect.TypeAssert[chooser](reflect.Zero(into.Type().Elem())); ok {
		each.choices = choice.Choices()
	}
	values := reflect.Zero(into.Type())
	for i, entry := range sequence.Values {
		child := item(path, i)
		d.found(child, entry, entry)
		value := reflect.New(into.Type().Elem()).Elem()
		d.value(child, entry, value, each)
		values = reflect.Append(values, value)
	}
	into.Set(values)
}

func (d decoder) text(path string, node ast.Node, into reflect.Value, rules rules) {
	var text string
	switch n := node.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = strings.TrimRight(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.refuse(path, "expected text, found %s; write the value in quotes", describe(node))
		return
	default:
		d.refuse(path, "expected %s, found %s", expected(into.Type(), rules), describe(node))
		return
	}
	if rules.choices != nil {
		d.choice(path, text, into, rules.choices)
		return
	}
	complaint := complaintAbout(text)
	switch {
	case rules.oneCharacter:
		if utf8.RuneCountInString(text) != 1 {
			complaint = "must be one character"
		} else {
			complaint = ""
		}
	case rules.mayBeEmpty && text == "":
		complaint = ""
	}
	if complaint != "" {
		d.refuse(path, "%s", complaint)
		return
	}
	into.SetString(text)
}

// choice reads one of a list of values.
func (d decoder) choice(path, text string, into reflect.Value, choices []string) {
	if slices.Contains(choices, text) {
		into.SetString(text)
		return
	}
	said := "expected " + oneOf(choices)
	if near, ok := Nearest(text, choices); ok && len(choices) > 1 {
		said += fmt.Sprintf("; did you mean %q?", near)
	}
	d.refuse(path, "%s", said)
}

// plain reads true or false and numbers.
func (d decoder) plain(path string, node ast.Node, into reflect.Value, rules rules) {
	switch into.Kind() {
	case reflect.Bool:
		if n, ok := node.(*ast.BoolNode); ok {
			into.SetBool(n.Value)
			return
		}
	case reflect.Int:
		if n, ok := node.(*ast.IntegerNode); ok {
			if value, err := strconv.Atoi(n.GetToken().Value); err == nil && rules.allow(float64(value)) {
				into.SetInt(int64(value))
				return
			}
		}
	case reflect.Float64:
		switch node.(type) {
		case *ast.IntegerNode, *ast.FloatNode:
			if value, err := strconv.ParseFloat(node.GetToken().Value, 64); err == nil && rules.allow(value) {
				into.SetFloat(value)
				return
			}
		}
	}
	d.refuse(path, "expected %s", expected(into.Type(), rules))
}

func (r rules) allow(value float64) bool {
	return (r.minimum == nil || value >= *r.minimum) &&
		(r.aboveMinimum == nil || value > *r.aboveMinimum) &&
		(r.maximum == nil || value <= *r.maximum)
}

// complaintAbout says what is wrong with a text, or nothing.
func complaintAbout(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "must not be empty"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "must be one line of text, without control characters"
	case strings.TrimSpace(text) != text:
		return "must not start or end with a space"
	default:
		return ""
	}
}

// expected says what a field takes.
func expected(t reflect.Type, rules rules) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if rules.choices != nil {
		return oneOf(rules.choices)
	}
	switch t {
	case reflect.TypeFor[Duration]():
		return `a duration such as "90s", "15m" or "1h30m"`
	case reflect.TypeFor[Share]():
		return `a share such as "2%"`
	case reflect.TypeFor[CredentialRef]():
		return "env:NAME or file:PATH"
	}
	switch t.Kind() {
	case reflect.Struct:
		return "keys below it (" + listed(t) + ")"
	case reflect.Map:
		if t.Elem().Kind() == reflect.String {
			return "names with text"
		}
		return "names with keys below them (" + listed(t.Elem()) + ")"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number" + rules.bounds()
	case reflect.Float64:
		return "a number" + rules.bounds()
	default:
		return "text"
	}
}

func (r rules) bounds() string {
	var words string
	switch {
	case r.minimum != nil:
		words = fmt.Sprintf(" from %v", *r.minimum)
	case r.aboveMinimum != nil:
		words = fmt.Sprintf(" above %v", *r.aboveMinimum)
	}
	if r.maximum != nil {
		words += fmt.Sprintf(" to %v", *r.maximum)
	}
	return words
}

func oneOf(choices []string) string {
	if len(choices) == 1 {
		return strconv.Quote(choices[0])
	}
	return "one of " + quoteAll(choices)
}

// mostListed is how many keys a sentence names.
const mostListed = 12

// listed names the keys of a struct, or the first of many.
func listed(structure reflect.Type) string {
	keys := names(structure)
	if len(keys) > mostListed {
		keys = append(keys[:mostListed:mostListed], "...")
	}
	return strings.Join(keys, ", ")
}
