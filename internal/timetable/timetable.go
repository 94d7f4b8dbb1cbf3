// Package timetable says when something that happens again and again is due: after
// equal intervals, or at times of the clock on the wall, each of which counts once,
// whatever becomes of the clock. It does no I/O but to load time zones.
package timetable

import (
	"slices"
	"time"
)

// Timetable is a set of due times: either an interval or calendars.
type Timetable struct {
	zone      *time.Location
	every     time.Duration
	calendars []Calendar
}

// Every returns the timetable of an interval, counted from the Unix epoch.
func Every(interval time.Duration) Timetable { return Timetable{zone: time.UTC, every: interval} }

// In returns the timetable of calendars in a time zone.
//
// A slot is a time of the wall clock on one day. It is due once: at the first of two
// moments when clocks go back, and when clocks go forward over it, as long after the
// change as it was before.
//
// Calendars that hold in every hour of every day go by UTC where that makes no
// difference but when clocks are changed: no hour is then left out, and none is twice
// as long.
func In(zone *time.Location, calendars ...Calendar) Timetable {
	if !slices.ContainsFunc(calendars, func(c Calendar) bool { return !c.everyHour() }) && wholeHours(zone) {
		zone = time.UTC
	}
	return Timetable{zone: zone, calendars: calendars}
}

// Zone is the time zone of the calendars.
func (t Timetable) Zone() *time.Location { return t.zone }

// Interval is zero for calendars.
func (t Timetable) Interval() time.Duration { return t.every }

// Calendars are empty for an interval.
func (t Timetable) Calendars() []Calendar { return t.calendars }

// Next returns the first due time after a moment, and false if none comes.
func (t Timetable) Next(after time.Time) (time.Time, bool) {
	if t.every > 0 {
		return after.Truncate(t.every).Add(t.every), true
	}
	day := dateOf(after, t.zone)
	for n := -1; n <= daysLooked; n++ {
		var next time.Time
		t.slots(day.plus(n), func(slot time.Time) {
			if slot.After(after) && (next.IsZero() || slot.Before(next)) {
				next = slot
			}
		})
		if !next.IsZero() {
			return next, true
		}
	}
	return time.Time{}, false
}

// Last returns the last due time that is not after a moment, and false without one.
func (t Timetable) Last(until time.Time) (time.Time, bool) {
	if t.every > 0 {
		return until.Truncate(t.every), true
	}
	day := dateOf(until, t.zone)
	for n := 1; n >= -daysLooked; n-- {
		var last time.Time
		t.slots(day.plus(n), func(slot time.Time) {
			if !slot.After(until) && slot.After(last) {
				last = slot
			}
		})
		if !last.IsZero() {
			return last, true
		}
	}
	return time.Time{}, false
}

// daysLooked is how far a slot can be away: a 29 February may be eight years off.
const daysLooked = 8*366 + 1

// slots calls do with the due time of every slot of a day.
func (t Timetable) slots(day date, do func(time.Time)) {
	for _, c := range t.calendars {
		if !c.holdsOn(day) {
			continue
		}
		for _, hour := range c.Hours.All() {
			for _, minute := range c.Minutes.All() {
				do(moment(day, hour, minute, t.zone))
			}
		}
	}
}

// holds reports whether the wall clock shows a slot at a moment.
func (t Timetable) holds(at time.Time) bool {
	wall := at.In(t.zone)
	for _, c := range t.calendars {
		if wall.Second() == 0 && c.Minutes.Has(wall.Minute()) && c.Hours.Has(wall.Hour()) && c.holdsOn(dateOf(at, t.zone)) {
			return true
		}
	}
	return false
}
