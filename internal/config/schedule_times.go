package config

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"time"

	"audiencesync/internal/timetable"
)

// ClockTime is a time of the clock on the wall: "06:00".
type ClockTime string

// LocalTime is a day, "2027-01-31", or a minute of one, "2027-01-31T06:00", in the time
// zone of whatever it stands in.
type LocalTime string

var (
	errClockTime = errors.New(`expected a time of the clock such as "06:00" or "18:30", in quotes`)
	errLocalTime = errors.New(`expected a day such as "2027-01-31", or a time such as "2027-01-31T06:00", in the schedule's time zone`)
)

var clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// UnmarshalText reads "06:00".
func (c *ClockTime) UnmarshalText(raw []byte) error {
	if !clockTime.Match(raw) {
		return errClockTime
	}
	*c = ClockTime(raw)
	return nil
}

// clock is the hour and the minute of a time that was read.
func (c ClockTime) clock() (hour, minute int) {
	if !clockTime.MatchString(string(c)) {
		return 0, 0
	}
	hour, _ = strconv.Atoi(string(c[:2]))
	minute, _ = strconv.Atoi(string(c[3:]))
	return hour, minute
}

// The forms of a LocalTime.
const (
	localMinute = "2006-01-02T15:04"
	localDay    = time.DateOnly
)

// UnmarshalText reads "2027-01-31" or "2027-01-31T06:00".
func (l *LocalTime) UnmarshalText(raw []byte) error {
	text := LocalTime(raw)
	if _, _, err := text.read(time.UTC); err != nil {
		return errLocalTime
	}
	*l = text
	return nil
}

func (l LocalTime) read(zone *time.Location) (at time.Time, whole bool, err error) {
	if at, err = time.ParseInLocation(localMinute, string(l), zone); err == nil {
		return at, false, nil
	}
	at, err = time.ParseInLocation(localDay, string(l), zone)
	return at, true, err
}

// Bounds returns the first and the last moment of the cadence, zero where it has none.
func (c Cadence) Bounds() (start, end time.Time, err error) {
	zone, err := c.Zone()
	if err != nil {
		return start, end, err
	}
	if c.Start != "" {
		if start, _, err = c.Start.read(zone); err != nil {
			return start, end, err
		}
	}
	if c.End != "" {
		var whole bool
		if end, whole, err = c.End.read(zone); err == nil && whole {
			end = end.AddDate(0, 0, 1).Add(-time.Second)
		}
	}
	return start, end, err
}

// positions are the places of names in a list, counted from first.
func positions[T ~string](of []T, in []string, first int) []int {
	found := make([]int, len(of))
	for i, name := range of {
		found[i] = first + slices.Index(in, string(name))
	}
	return found
}

// oneOfAll is the set of some numbers, or of all where none is asked for.
func oneOfAll(numbers []int, all timetable.Set) timetable.Set {
	if len(numbers) == 0 {
		return all
	}
	return timetable.Of(numbers...)
}
