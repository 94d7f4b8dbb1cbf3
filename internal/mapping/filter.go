package mapping

import (
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// filter is a compiled condition. It says of a member whether it holds, and the
// field that decided.
type filter func(mapped audience.Member) (holds bool, field string)

// newFilter compiles a condition; add is told each field that it looks at.
func newFilter(c config.Condition, add func(field string)) filter {
	switch {
	case c.All != nil:
		return allOf(newFilters(c.All, add))
	case c.Any != nil:
		return anyOf(newFilters(c.Any, add))
	case c.Not != nil:
		inner := newFilter(*c.Not, add)
		return func(mapped audience.Member) (bool, string) {
			holds, field := inner(mapped)
			return !holds, field
		}
	}
	add(c.Field)
	test := newTest(c)
	return func(mapped audience.Member) (bool, string) {
		value, isText := cleanText(mapped[c.Field])
		return test(value, isText, isPresent(mapped[c.Field], value, isText)), c.Field
	}
}

func newFilters(conditions []config.Condition, add func(string)) []filter {
	filters := make([]filter, len(conditions))
	for i, condition := range conditions {
		filters[i] = newFilter(condition, add)
	}
	return filters
}

// allOf is decided by the first condition that does not hold.
func allOf(filters []filter) filter {
	return func(mapped audience.Member) (holds bool, field string) {
		for _, f := range filters {
			if holds, field = f(mapped); !holds {
				return false, field
			}
		}
		return true, field
	}
}

// anyOf is decided by the first condition that holds; when none does, the first
// is named.
func anyOf(filters []filter) filter {
	return func(mapped audience.Member) (bool, string) {
		var first string
		for i, f := range filters {
			holds, field := f(mapped)
			if holds {
				return true, field
			}
			if i == 0 {
				first = field
			}
		}
		return false, first
	}
}

// newTest compiles what a condition asks of one value. A list or an object is
// present and equal to no text.
func newTest(c config.Condition) func(value string, isText, present bool) bool {
	switch {
	case c.Present != nil:
		return func(_ string, _, present bool) bool { return present == *c.Present }
	case c.Is != nil:
		return func(value string, isText, present bool) bool { return present && isText && value == string(*c.Is) }
	case c.IsNot != nil:
		return func(value string, isText, present bool) bool { return !present || !isText || value != string(*c.IsNot) }
	default:
		return func(value string, isText, present bool) bool {
			return present && isText && slices.Contains(c.In, config.FilterValue(value))
		}
	}
}

func isPresent(value any, text string, isText bool) bool {
	if isText {
		return text != ""
	}
	switch v := value.(type) {
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	default:
		return true
	}
}
