package timetable

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// String says in words when it is due.
func (t Timetable) String() string {
	if t.every > 0 {
		return "every " + short(t.every)
	}
	// Calendars of the same days are told together.
	var days []string
	times := map[string][]string{}
	for _, c := range t.calendars {
		on := c.on()
		if times[on] == nil {
			days = append(days, on)
		}
		times[on] = append(times[on], c.times())
	}
	for i, on := range days {
		// "at 06:00, 18:30", and not "at" again.
		together := strings.ReplaceAll(strings.Join(times[on], ", "), ", "+atClock, ", ")
		days[i] = strings.TrimSpace(on + " " + together)
	}
	words := strings.Join(days, "; ")
	if t.zone != time.UTC || !t.everyHour() {
		words += " (" + t.zone.String() + ")"
	}
	return words
}

func (t Timetable) everyHour() bool {
	for _, c := range t.calendars {
		if !c.everyHour() {
			return false
		}
	}
	return true
}

// atClock stands before times of the clock.
const atClock = "at "

// mostTimes is how many times are listed one by one.
const mostTimes = 8

func (c Calendar) times() string {
	switch {
	case c.Hours == allHours:
		return "every hour at minute " + spans(c.Minutes, strconv.Itoa)
	case c.Hours.Len()*c.Minutes.Len() > mostTimes:
		return fmt.Sprintf("in minute %s of hour %s", spans(c.Minutes, strconv.Itoa), spans(c.Hours, strconv.Itoa))
	}
	var times []string
	for _, hour := range c.Hours.All() {
		for _, minute := range c.Minutes.All() {
			times = append(times, fmt.Sprintf("%02d:%02d", hour, minute))
		}
	}
	return atClock + strings.Join(times, ", ")
}

// on says on which days the calendar holds.
func (c Calendar) on() string {
	var words []string
	if c.Weekdays != allWeekdays {
		// A week begins on Monday here: Sunday is its seventh day.
		week := c.Weekdays
		if week.Has(0) {
			week = week&^Of(0) | Of(7)
		}
		words = append(words, "on "+spans(week, func(n int) string { return time.Weekday(n % 7).String() }))
	}
	if c.Days != allDays {
		words = append(words, "on day "+spans(c.Days, strconv.Itoa)+" of the month")
	}
	if c.Months != allMonths {
		words = append(words, "in "+spans(c.Months, func(n int) string { return time.Month(n).String() }))
	}
	if len(words) == 0 && c.Hours != allHours {
		return "daily"
	}
	return strings.Join(words, " ")
}

// spans names numbers, and those without a gap by the first and the last.
func spans(s Set, name func(int) string) string {
	var words []string
	for _, r := range s.Ranges() {
		switch {
		case r.First == r.Last:
			words = append(words, name(r.First))
		case r.Last == r.First+1:
			words = append(words, name(r.First), name(r.Last))
		default:
			words = append(words, name(r.First)+" to "+name(r.Last))
		}
	}
	return strings.Join(words, ", ")
}

// short is a duration without the parts that are zero at its end.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
