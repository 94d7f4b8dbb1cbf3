package audience

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// UnfilledField is a field of the mapping in which no member has a value: its name may be
// mistyped, which nothing else tells.
type UnfilledField struct {
	Field string `json:"field"`
	// Meant is the field that was probably meant; empty where none is near.
	Meant string `json:"meant,omitempty"`
}

// Unfilled lists such fields by name, at most 50, from a map of what was probably meant.
func Unfilled(meant map[string]string) []UnfilledField {
	var fields []UnfilledField
	for _, name := range slices.Sorted(maps.Keys(meant)) {
		if len(fields) < maxFields {
			fields = append(fields, UnfilledField{Field: name, Meant: meant[name]})
		}
	}
	return fields
}

// UnfilledText names the fields in which no member has a value; empty where there are none.
func (s SourceCount) UnfilledText() string {
	if len(s.Unfilled) == 0 {
		return ""
	}
	return fmt.Sprintf("source: no member has a value in %s: check the sync file", NameUnfilled(s.Unfilled))
}

// NameUnfilled names such fields, each with the one that was probably meant.
func NameUnfilled(fields []UnfilledField) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Field
		if field.Meant != "" {
			names[i] += fmt.Sprintf(" (did you mean %s?)", field.Meant)
		}
	}
	return strings.Join(names, ", ")
}
