package contacts

import (
	"encoding/json"
	"slices"
	"strings"
)

// MaxSegments is the most segments of one store.
const MaxSegments = 64

// Segment is a dynamic filter over contacts: those that meet all conditions.
type Segment struct {
	ID   string      `yaml:"id"`
	Name string      `yaml:"name"`
	All  []Condition `yaml:"all"`
}

// Condition is about one tag or one custom property.
type Condition struct {
	// Tag must be among the contact's tags.
	Tag string `yaml:"tag"`
	// Property must have the value Equals, or, when Contains is set, a text
	// value that contains it or a list value that has it as an element
	// (see docs/hello-charles.md A10; both compare exactly, with case).
	Property string `yaml:"property"`
	Equals   string `yaml:"equals"`
	Contains string `yaml:"contains"`
}

// mask returns the segments that the contact is in, one bit each.
func mask(segments []Segment, r *record, words *vocabulary) uint64 {
	var in uint64
	for i, segment := range segments {
		meets := func(c Condition) bool { return c.meets(r, words) }
		if !slices.ContainsFunc(segment.All, func(c Condition) bool { return !meets(c) }) {
			in |= 1 << i
		}
	}
	return in
}

func (c Condition) meets(r *record, words *vocabulary) bool {
	if c.Tag != "" {
		tag, known := words.numbers[c.Tag]
		return known && slices.Contains(r.tags, tag)
	}
	name, known := words.numbers[c.Property]
	if !known {
		return false
	}
	for _, p := range r.properties {
		if p.name == name {
			return c.matches(p.value)
		}
	}
	return false
}

func (c Condition) matches(value string) bool {
	text, isText := plainText(value)
	if c.Contains == "" {
		return text == c.Equals
	}
	if isText {
		return strings.Contains(text, c.Contains)
	}
	var list []string
	return json.Unmarshal([]byte(value), &list) == nil && slices.Contains(list, c.Contains)
}

// plainText returns a JSON text without its quotes; other values as they are.
func plainText(value string) (text string, isText bool) {
	if !strings.HasPrefix(value, `"`) {
		return value, false
	}
	inner := value[1 : len(value)-1]
	if !strings.Contains(inner, `\`) {
		return inner, true
	}
	if json.Unmarshal([]byte(value), &text) != nil {
		return value, false
	}
	return text, true
}
