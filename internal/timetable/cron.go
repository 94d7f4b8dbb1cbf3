package timetable

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrEither is the error of a cron expression that restricts both the day of the month
// and the day of the week. Cron would take days of either kind, Temporal only those
// that are both.
var ErrEither = errors.New("day of month and day of week are both restricted, which cron and Temporal read otherwise; " +
	"write calendars instead: what stands in one of them must hold together, and there may be several")

// ErrNever is the error of times that never come.
var ErrNever = errors.New("no day is ever like that")

// FieldError is a field of a cron expression that cannot be read. It does not repeat
// the field.
type FieldError struct {
	// Name is that of the field; its numbers go from Least to Most.
	Name        string
	Least, Most int
}

// Error implements error.
func (e *FieldError) Error() string {
	return fmt.Sprintf(`%s: write *, or numbers from %d to %d, ranges such as %d-%d, steps such as */2, or several with commas`,
		e.Name, e.Least, e.Most, e.Least, e.Least+1)
}

// cronField is one of the five fields of a cron expression.
type cronField struct {
	name        string
	least, most int
	// words are other names of numbers, from least on.
	words []string
}

var cronFields = []cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	// Sunday is 0, and 7 as well.
	{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// Cron reads an expression of five fields: minute, hour, day of month, month, day of
// week. Months and days of the week may be written by the first three letters of their
// names.
func Cron(expression string) (Calendar, error) {
	fields := strings.Fields(expression)
	if len(fields) != len(cronFields) {
		return Calendar{}, errors.New("write five fields: minute, hour, day of month, month, day of week")
	}
	var sets [5]Set
	for i, field := range cronFields {
		set, ok := field.read(fields[i])
		if !ok {
			return Calendar{}, &FieldError{field.name, field.least, field.most}
		}
		sets[i] = set
	}
	if sets[4].Has(7) {
		sets[4] = sets[4]&^Of(7) | Of(0)
	}
	c := Calendar{Minutes: sets[0], Hours: sets[1], Days: sets[2], Months: sets[3], Weekdays: sets[4]}
	switch {
	case c.Days != allDays && c.Weekdays != allWeekdays:
		return Calendar{}, ErrEither
	case !c.Comes():
		return Calendar{}, ErrNever
	}
	return c, nil
}

func (f cronField) read(text string) (Set, bool) {
	var set Set
	for part := range strings.SplitSeq(text, ",") {
		numbers, ok := f.part(part)
		if !ok {
			return 0, false
		}
		set |= numbers
	}
	return set, true
}

// part reads "*", "5", "1-5", and each of them with a step, as in "*/15". A number
// with a step goes on to the end.
func (f cronField) part(text string) (Set, bool) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > f.most {
			return 0, false
		}
	}
	first, last, ok := f.span(span, stepped)
	if !ok {
		return 0, false
	}
	var set Set
	for n := first; n <= last; n += step {
		set |= Of(n)
	}
	return set, true
}

func (f cronField) span(text string, stepped bool) (first, last int, ok bool) {
	if text == "*" {
		return f.least, f.end(), true
	}
	from, to, isRange := strings.Cut(text, "-")
	if first, ok = f.number(from); !ok {
		return 0, 0, false
	}
	switch {
	case isRange:
		last, ok = f.number(to)
		return first, last, ok && first <= last
	case stepped:
		return first, f.end(), true
	default:
		return first, first, true
	}
}

// end is the last number of "*": Sunday counts once.
func (f cronField) end() int {
	if f.words == nil {
		return f.most
	}
	return f.least + len(f.words) - 1
}

func (f cronField) number(text string) (int, bool) {
	if i := slices.Index(f.words, strings.ToLower(text)); i >= 0 {
		return f.least + i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= f.least && n <= f.most && text[0] != '+'
}
