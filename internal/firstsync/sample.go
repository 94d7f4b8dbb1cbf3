// Package firstsync proposes a first sync from a sample of members and from what
// exists in Hello Charles, and writes its two files. It asks nobody and reads nothing:
// who calls it does.
package firstsync

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"audiencesync/internal/audience"
)

// Sample is what the first members of an audience look like. It holds contact data;
// Fields and Region hold none.
type Sample struct {
	// Fields are those that have a value at least once, by name.
	Fields []Field
	// Region is that of most phone numbers with a country code (ISO 3166); empty where
	// there are none.
	Region string
	// Unnamed is how many fields have a name that is contact data itself, or that no
	// mapping can hold. They are left out of Fields.
	Unnamed int

	members []audience.Member
}

// Field is a catalogue field, with dots inside objects.
type Field struct {
	Name string
	// Filled is the number of members that have a value.
	Filled int
	// Shapes count what the values look like.
	Shapes map[Shape]int
}

// Shape is what most values look like, and how many of them; of two that are as
// frequent the first by name.
func (f Field) Shape() (most Shape, values int) {
	for _, shape := range slices.Sorted(maps.Keys(f.Shapes)) {
		if f.Shapes[shape] > values {
			most, values = shape, f.Shapes[shape]
		}
	}
	return most, values
}

// mostly reports whether at least half of the values have a shape.
func (f Field) mostly(shape Shape) bool { return f.Filled > 0 && 2*f.Shapes[shape] >= f.Filled }

// Look finds out what members look like.
func Look(members []audience.Member) *Sample {
	s := &Sample{members: members}
	flat := make([]map[string]any, len(members))
	for i, member := range members {
		flat[i] = map[string]any{}
		flatten("", member, flat[i], 0)
	}
	look := newLooker()
	s.Region = look.region(flat)
	look.home(s.Region)
	fields := map[string]*Field{}
	for _, member := range flat {
		for name, value := range member {
			field := fields[name]
			if field == nil {
				field = &Field{Name: name, Shapes: map[Shape]int{}}
				fields[name] = field
			}
			field.Filled++
			field.Shapes[look.shape(value)]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if look.isContactData(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
			s.Unnamed++
			continue
		}
		s.Fields = append(s.Fields, *fields[name])
	}
	return s
}

// Members is how many members were looked at.
func (s *Sample) Members() int { return len(s.members) }

// Field returns a field by its name.
func (s *Sample) Field(name string) (Field, bool) {
	at := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
	if at < 0 {
		return Field{}, false
	}
	return s.Fields[at], true
}

// Names are the names of all fields.
func (s *Sample) Names() []string {
	names := make([]string, len(s.Fields))
	for i, field := range s.Fields {
		names[i] = field.Name
	}
	return names
}

// Example is the first value of a field. It is contact data.
func (s *Sample) Example(field string) string {
	for _, member := range s.members {
		flat := map[string]any{}
		flatten("", member, flat, 0)
		if value, ok := flat[field]; ok {
			return textOf(value)
		}
	}
	return ""
}

// deepest bounds how far fields inside objects are named.
const deepest = 8

// flatten names the values of a member that are not empty.
func flatten(prefix string, object map[string]any, into map[string]any, depth int) {
	for key, value := range object {
		name := prefix + key
		if inner, ok := value.(map[string]any); ok {
			if depth < deepest {
				flatten(name+".", inner, into, depth+1)
			}
			continue
		}
		if !isEmpty(value) {
			into[name] = value
		}
	}
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(value) == ""
	case []any:
		return len(value) == 0
	default:
		return false
	}
}

// mostFrequent is the key with the highest number; of equal ones the first.
func mostFrequent(counts map[string]int) string {
	return slices.MinFunc(append(slices.Sorted(maps.Keys(counts)), ""), func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
}
