package timetable

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// What clocks do is looked up from one year to another: a fixed span, so that what
// follows from it is the same whenever it is asked.
var (
	lookFrom  = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	lookUntil = time.Date(2060, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// CatchUp returns the calendars of times at which slots are due that a scheduler which
// goes by the wall clock alone does not come to, because the clock leaves them out; one
// that goes by these as well does. They hold on more days than that: Due says what for.
func (t Timetable) CatchUp() []Calendar {
	found := map[[2]int]Calendar{}
	for _, left := range t.leftOut() {
		wall := left.due.In(t.zone)
		at := [2]int{wall.Hour(), wall.Minute()}
		c := found[at]
		c.Hours, c.Minutes, c.Days = Of(wall.Hour()), Of(wall.Minute()), allDays
		c.Months |= Of(int(wall.Month()))
		c.Weekdays |= Of(int(wall.Weekday()))
		if left.noMidnight {
			c.Weekdays |= Of(int(wall.AddDate(0, 0, -1).Weekday()))
		}
		found[at] = c
	}
	calendars := slices.Collect(maps.Values(found))
	slices.SortFunc(calendars, func(a, b Calendar) int {
		return cmp.Or(cmp.Compare(a.Hours, b.Hours), cmp.Compare(a.Minutes, b.Minutes))
	})
	return calendars
}

// leftOut is a slot that a scheduler does not come to, because clocks are put forward.
type leftOut struct {
	due time.Time
	// noMidnight says that the day begins an hour late. Temporal takes such a day for the
	// day of the week before.
	noMidnight bool
}

// leftOut are slots that the clock is put over, where it shows no other one then, and
// those of days of the week that Temporal takes for others.
func (t Timetable) leftOut() []leftOut {
	var found []leftOut
	if len(t.calendars) == 0 {
		return nil
	}
	for _, c := range changes(t.zone, lookFrom, lookUntil) {
		if c.by < 0 {
			continue
		}
		last := dateOf(c.at, t.zone)
		for day := dateOf(c.at.Add(-time.Second), t.zone); !last.before(day); day = day.plus(1) {
			noMidnight := beginsLate(day, t.zone)
			for _, calendar := range t.calendars {
				mistaken := noMidnight && calendar.Weekdays != allWeekdays
				Timetable{zone: t.zone, calendars: []Calendar{calendar}}.slots(day, func(slot time.Time) {
					if mistaken || !slot.Before(c.at) && slot.Before(c.at.Add(c.by)) && !t.holds(slot) {
						found = append(found, leftOut{slot, noMidnight})
					}
				})
			}
		}
	}
	return found
}

func (d date) before(other date) bool {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Before(time.Date(other.year, other.month, other.day, 0, 0, 0, 0, time.UTC))
}

// Due returns the due time that a scheduler means which acts at a moment: the slot
// that it acts for, where it acts twice for one because of the clock or comes to one
// that the clock has left out. A moment that has nothing to do with a slot, such as
// that of a person who acts by hand, is a due time of its own.
func (t Timetable) Due(at time.Time) time.Time {
	if t.every > 0 || len(t.calendars) == 0 {
		return at
	}
	slot, ok := t.Last(at)
	if !ok || slot.Equal(at) || !t.becauseOfTheClock(at) {
		return at
	}
	return slot
}

// becauseOfTheClock reports whether a scheduler may act at a moment, which is no due
// time, because clocks are changed. Around a change Temporal acts a second time for a
// slot: when the wall clock shows it again or, in zones east of Greenwich, an hour
// after slots of the hour before, or on a day that it takes for the one before.
func (t Timetable) becauseOfTheClock(at time.Time) bool {
	for _, c := range changes(t.zone, at.UTC().Truncate(24*time.Hour).Add(-24*time.Hour), at.Add(24*time.Hour)) {
		if t.due(at.Add(-c.by.Abs())) || t.due(at.Add(-time.Hour)) {
			return true
		}
	}
	wall, today := at.In(t.zone), dateOf(at, t.zone)
	if wall.Second() == 0 && beginsLate(today, t.zone) && t.due(moment(today.plus(-1), wall.Hour(), wall.Minute(), t.zone)) {
		return true
	}
	return Timetable{zone: t.zone, calendars: t.CatchUp()}.holds(at)
}

// due reports whether a moment is a due time.
func (t Timetable) due(at time.Time) bool {
	last, ok := t.Last(at)
	return ok && last.Equal(at)
}

// Doubtful returns a time of the wall clock that is between 01:00 and 03:00, or that
// clocks are ever put over, in a zone whose clocks are changed; "" if there is none.
func (t Timetable) Doubtful() string {
	all := changes(t.zone, lookFrom, lookUntil)
	if len(all) == 0 {
		return ""
	}
	for _, c := range t.calendars {
		for _, hour := range c.Hours.All() {
			for _, minute := range c.Minutes.All() {
				if wall := 60*hour + minute; wall >= 60 && wall <= 180 || changed(all, t.zone, wall) {
					return fmt.Sprintf("%02d:%02d", hour, minute)
				}
			}
		}
	}
	return ""
}

// changed reports whether any change leaves out or repeats a minute of the day.
func changed(all []change, zone *time.Location, minute int) bool {
	for _, c := range all {
		// The wall clock just before the change, and how far it is put.
		wall := c.at.Add(offsetAt(c.at.Add(-time.Second), zone))
		from := 60*wall.Hour() + wall.Minute()
		by := int(c.by / time.Minute)
		if by < 0 {
			from, by = from+by, -by
		}
		if since := ((minute-from)%1440 + 1440) % 1440; since < by {
			return true
		}
	}
	return false
}
