package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is one key that a struct reads.
type field struct {
	name  string
	index []int
	rules rules
}

// rules are what the jsonschema tag of a field says. The schema is generated
// from the same tags, so that an editor and a parser agree.
type rules struct {
	required     bool
	mayBeEmpty   bool
	oneCharacter bool
	choices      []string
	minimum      *float64
	aboveMinimum *float64
	maximum      *float64
}

// fieldsOf returns the keys of a struct in the order of its fields; those of an
// embedded struct stand among them.
func fieldsOf(structure reflect.Type) []field {
	fields := make([]field, 0, structure.NumField())
	for f := range structure.Fields() {
		if !f.Anonymous {
			fields = append(fields, field{name: f.Tag.Get("yaml"), index: f.Index, rules: rulesOf(f)})
			continue
		}
		for _, inner := range fieldsOf(f.Type) {
			inner.index = append(slices.Clone(f.Index), inner.index...)
			fields = append(fields, inner)
		}
	}
	return fields
}

func rulesOf(f reflect.StructField) rules {
	var found rules
	if choice, ok := reflect.TypeAssert[chooser](reflect.Zero(f.Type)); ok {
		found.choices = choice.Choices()
	}
	var narrowed []string
	for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			found.required = true
		case "minLength":
			found.mayBeEmpty = value == "0"
		case "maxLength":
			found.oneCharacter = value == "1"
		case "enum":
			narrowed = append(narrowed, value)
		case "minimum":
			found.minimum = number(value)
		case "exclusiveMinimum":
			found.aboveMinimum = number(value)
		case "maximum":
			found.maximum = number(value)
		}
	}
	if narrowed != nil {
		found.choices = narrowed
	}
	return found
}

// number reads a number of a tag; a test reads them all.
func number(text string) *float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return &value
}

// names returns the keys of a struct.
func names(structure reflect.Type) []string {
	fields := fieldsOf(structure)
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

// pathsTo returns where below a struct a key is read: "verification.segment".
func pathsTo(structure reflect.Type, key string) []string {
	if structure == reflect.TypeFor[Condition]() {
		return nil // a filter has no fixed depth
	}
	var paths []string
	for _, f := range fieldsOf(structure) {
		inner := structure.FieldByIndex(f.index).Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct {
			continue
		}
		for _, below := range names(inner) {
			if below == key {
				paths = append(paths, f.name+"."+key)
			}
		}
		for _, deeper := range pathsTo(inner, key) {
			paths = append(paths, f.name+"."+deeper)
		}
	}
	return paths
}
