package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"audiencesync/internal/config"
)

// Difference is a key in which two syncs, or two cadences, differ, as it stands in a
// sync file. A section that only one of them has is named as a whole, and so is a list.
type Difference struct {
	Key string `json:"key"`
	// From and To are the values, where both are short; else they are empty.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// String is the key, with its values where they are short.
func (d Difference) String() string {
	if d.From == "" && d.To == "" {
		return d.Key
	}
	return fmt.Sprintf("%s (%s, was %s)", d.Key, orNone(d.To), orNone(d.From))
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// Between says in what two syncs differ.
func Between(from, to config.Sync) ([]Difference, error) { return differing("", from, to) }

// touched is the difference of a schedule that something else has changed.
const touched = "what the server holds"

// Differences says in what a schedule differs from the one that is wanted; empty if it
// is just that.
func (f *Found) Differences(w Wanted) ([]Difference, error) {
	found, err := differing("", f.Pinned.Spec, w.Spec)
	if err != nil {
		return nil, err
	}
	section := "schedule"
	if w.Kind == Proofs {
		section = "schedule.verify"
	}
	times, err := differing(section, *f.Pinned.Cadence, w.Cadence)
	if err != nil {
		return nil, err
	}
	found = append(found, times...)
	if len(found) == 0 && !f.untouched() {
		found = append(found, Difference{Key: touched})
	}
	return found, nil
}

// differing returns the keys below a path in which two things differ that are pinned.
func differing(path string, from, to any) ([]Difference, error) {
	a, err := keysOf(from)
	if err != nil {
		return nil, err
	}
	b, err := keysOf(to)
	if err != nil {
		return nil, err
	}
	return differences(nil, path, a, b), nil
}

// keysOf are the keys and values of what is pinned: in JSON, in which it is, they have
// the names that they have in files.
func keysOf(pinned any) (map[string]any, error) {
	text, err := json.Marshal(pinned)
	if err != nil {
		return nil, fmt.Errorf("what a schedule pins: %w", err)
	}
	var keys map[string]any
	err = json.Unmarshal(text, &keys)
	return keys, err
}

func differences(found []Difference, path string, a, b any) []Difference {
	from, ok := a.(map[string]any)
	to, both := b.(map[string]any)
	if !ok || !both {
		if !reflect.DeepEqual(a, b) {
			found = append(found, difference(path, a, b))
		}
		return found
	}
	union := maps.Clone(from)
	maps.Copy(union, to)
	for _, key := range slices.Sorted(maps.Keys(union)) {
		inner := key
		if path != "" {
			inner = path + "." + key
		}
		found = differences(found, inner, from[key], to[key])
	}
	return found
}

// longestValue bounds a value that is told, in characters.
const longestValue = 40

func difference(path string, a, b any) Difference {
	from, short := told(a)
	to, alsoShort := told(b)
	if !short || !alsoShort {
		return Difference{Key: path}
	}
	return Difference{Key: path, From: from, To: to}
}

// told is a value on a line, if it is no more than that.
func told(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case string, float64, bool:
		text := fmt.Sprint(value)
		return text, len([]rune(text)) <= longestValue && !strings.ContainsAny(text, "\n\r")
	default:
		return "", false
	}
}
