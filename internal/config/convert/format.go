package convert

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The formats of dates that have a name; others are patterns.
const (
	ISO               = "iso"
	EpochSeconds      = "epoch_seconds"
	EpochMilliseconds = "epoch_milliseconds"
)

// Format reads the dates and times of one catalogue field.
type Format struct {
	name   string
	layout string
	zone   *time.Location
}

// NewFormat returns a reader of the format: "iso" (also when empty),
// "epoch_seconds", "epoch_milliseconds", or a pattern as parsePattern reads it.
// The zone is that of values without an offset; UTC when nil.
func NewFormat(format string, zone *time.Location) (Format, error) {
	if zone == nil {
		zone = time.UTC
	}
	f := Format{name: format, zone: zone}
	switch format {
	case "":
		f.name = ISO
	case ISO, EpochSeconds, EpochMilliseconds:
	default:
		layout, err := parsePattern(format)
		if err != nil {
			return Format{}, err
		}
		f.layout = layout
	}
	return f, nil
}

// Date returns the calendar date of a text as YYYY-MM-DD: the one that is
// written, with an offset or without; of an epoch that of the format's zone.
func (f Format) Date(text string) (string, bool) {
	at, _, ok := f.read(text)
	if !ok {
		return "", false
	}
	return at.Format(time.DateOnly), true
}

// DateTime returns the moment of a text as ISO 8601 with offset, to the
// millisecond. A date alone is its first moment. Of a time of day that the
// zone's clock shows twice it is the first; one that the clock skips is the
// moment at which it does.
func (f Format) DateTime(text string) (string, bool) {
	at, local, ok := f.read(text)
	if !ok {
		return "", false
	}
	if local {
		at = firstMoment(at, f.zone)
	}
	return at.Format("2006-01-02T15:04:05.999-07:00"), true
}

// read returns the moment of a text. One without an offset is local: it is read
// as if it were UTC, since the zone's clock may never show what is written.
func (f Format) read(text string) (at time.Time, local, ok bool) {
	switch f.name {
	case ISO:
		at, local, ok = readISO(text)
	case EpochSeconds:
		at, ok = readEpoch(text, 1000)
	case EpochMilliseconds:
		at, ok = readEpoch(text, 1)
	default:
		// Go reads AM and PM in capitals only.
		at, local, ok = readLayout(f.layout, strings.ToUpper(text))
	}
	if f.name == EpochSeconds || f.name == EpochMilliseconds {
		at = at.In(f.zone)
	}
	return at, local, ok && at.Year() >= 1 && at.Year() <= 9999
}

// isoLayouts are the spellings of ISO 8601 that exports use, and those with a
// blank for the T, or hours alone as the offset, that databases write.
// Fractions of a second are read with each.
var isoLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02 15:04:05Z07",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04",
}

func readISO(text string) (at time.Time, local, ok bool) {
	if len(text) == len(time.DateOnly) {
		return readLayout(time.DateOnly, text)
	}
	if len(text) < len("2006-01-02T15:04") {
		return time.Time{}, false, false
	}
	for _, layout := range isoLayouts {
		if text[10] != layout[10] {
			continue
		}
		if at, local, ok = readLayout(layout, text); ok {
			return at, local, true
		}
	}
	return time.Time{}, false, false
}

func readLayout(layout, text string) (at time.Time, local, ok bool) {
	at, err := time.ParseInLocation(layout, text, time.UTC)
	return at, !strings.Contains(layout, "Z07"), err == nil
}

// firstMoment returns the first moment at which the clock of a zone shows this
// date and time, or a later one where it skips them. time.Date does not say
// which of two moments it takes, and takes one of the day before where the
// clock changes at midnight.
func firstMoment(written time.Time, zone *time.Location) time.Time {
	// No zone is a whole day ahead of UTC.
	for from := written.AddDate(0, 0, -1).In(zone); ; {
		_, offset := from.Zone()
		_, change := from.ZoneBounds()
		at := written.Add(-time.Duration(offset) * time.Second)
		switch {
		case at.Before(from):
			return from
		case change.IsZero() || at.Before(change):
			return at.In(zone)
		}
		from = change
	}
}

// readEpoch reads a count of units since 1970, which are so many milliseconds.
// Some exports write a whole count as "1769817600.0".
func readEpoch(text string, milliseconds float64) (time.Time, bool) {
	if !isNumber(text) {
		return time.Time{}, false
	}
	count, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, false
	}
	count = math.Floor(count * milliseconds)
	// The year 9999 ends before, so that nothing is out of range.
	if math.Abs(count) > 1e15 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(count)), true
}

// tokens of a pattern and the layouts of Go that they stand for; longer ones first.
var tokens = []struct{ token, layout string }{
	{"YYYY", "2006"},
	{"MM", "01"},
	{"M", "1"},
	{"DD", "02"},
	{"D", "2"},
	{"HH", "15"},
	{"hh", "03"},
	{"h", "3"},
	{"mm", "04"},
	{"ss", "05"},
	{"A", "PM"},
	{"Z", "Z07:00"},
}

// between is what may stand between the tokens of a pattern.
const between = " .,:/-T"

// parsePattern translates a pattern of YYYY, MM or M, DD or D, HH, hh or h with A
// (AM or PM), mm, ss and Z (an offset) into a layout of Go.
func parsePattern(pattern string) (string, error) {
	var layout strings.Builder
	seen := map[string]int{}
	for rest := pattern; rest != ""; {
		token, goLayout := nextToken(rest)
		if token == "" {
			if !strings.ContainsRune(between, rune(rest[0])) {
				return "", fmt.Errorf("%s", patternHelp)
			}
			layout.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		if seen[token[:1]]++; seen[token[:1]] > 1 {
			return "", fmt.Errorf("%s twice; %s", token, patternHelp)
		}
		layout.WriteString(goLayout)
		rest = rest[len(token):]
	}
	for _, part := range []string{"Y", "M", "D"} {
		if seen[part] == 0 {
			return "", fmt.Errorf("no year, month or day; %s", patternHelp)
		}
	}
	if twelve := seen["h"] > 0; twelve != (seen["A"] > 0) || twelve && seen["H"] > 0 {
		return "", fmt.Errorf("hh belongs with A, and HH with neither; %s", patternHelp)
	}
	return layout.String(), nil
}

const patternHelp = "expected iso, epoch_seconds, epoch_milliseconds or a pattern of YYYY, MM, DD, HH (or hh and A), mm, ss, Z and the marks between them"

func nextToken(text string) (token, layout string) {
	for _, known := range tokens {
		if strings.HasPrefix(text, known.token) {
			return known.token, known.layout
		}
	}
	return "", ""
}
