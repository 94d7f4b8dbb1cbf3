package timetable

import (
	"slices"
	"sort"
	"time"
)

// date is a day, wherever it is.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(at time.Time, zone *time.Location) date {
	year, month, day := at.In(zone).Date()
	return date{year, month, day}
}

// plus returns the day so many days later.
func (d date) plus(days int) date {
	return dateOf(time.Date(d.year, d.month, d.day+days, 12, 0, 0, 0, time.UTC), time.UTC)
}

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC).Weekday()
}

// moment is when the wall clock shows a time: for the first time, if it does twice. A
// time that it does not show is taken by the clock as it went before the change.
func moment(day date, hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(day.year, day.month, day.day, hour, minute, 0, 0, time.UTC)
	// No clock is changed twice within two days.
	before, after := offsetAt(wall.Add(-24*time.Hour), zone), offsetAt(wall.Add(24*time.Hour), zone)
	first, second := wall.Add(-before), wall.Add(-after)
	if offsetAt(first, zone) != before && offsetAt(second, zone) == after {
		return second
	}
	return first
}

// beginsLate reports whether a day has no midnight.
func beginsLate(day date, zone *time.Location) bool {
	return moment(day, 0, 0, zone).In(zone).Hour() != 0
}

// offsetAt is how far the clocks of a zone are ahead of UTC.
func offsetAt(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wholeHours reports whether the clocks of a zone are always ahead of UTC, or behind,
// by whole hours.
func wholeHours(zone *time.Location) bool {
	if offsetAt(lookFrom, zone)%time.Hour != 0 {
		return false
	}
	return !slices.ContainsFunc(changes(zone, lookFrom, lookUntil), func(c change) bool { return c.by%time.Hour != 0 })
}

// change is a moment at which the clocks of a zone are put forward or, if by is
// negative, back.
type change struct {
	at time.Time
	by time.Duration
}

// changes returns the changes of a zone's clocks from one moment to another. They are
// looked for day by day: Time.ZoneBounds comes to no end in some years after 2037.
func changes(zone *time.Location, from, to time.Time) []change {
	var found []change
	for day := from; day.Before(to); day = day.Add(24 * time.Hour) {
		next := day.Add(24 * time.Hour)
		by := offsetAt(next, zone) - offsetAt(day, zone)
		if by == 0 {
			continue
		}
		// Clocks are changed at a whole minute.
		minutes := sort.Search(24*60, func(n int) bool {
			return offsetAt(day.Add(time.Duration(n)*time.Minute), zone) != offsetAt(day, zone)
		})
		found = append(found, change{at: day.Add(time.Duration(minutes) * time.Minute), by: by})
	}
	return found
}
