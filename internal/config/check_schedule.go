package config

import (
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/timetable"
)

// What a schedule may be told.
const (
	shortestInterval = Duration(time.Minute)
	shortestCatchUp  = Duration(10 * time.Second)
	longestCatchUp   = Duration(720 * time.Hour)
	longestJitter    = Duration(24 * time.Hour)
	mostFailures     = 100
)

// checkSchedule reports what the types of a section schedule cannot say.
func checkSchedule(r *report, s Sync) {
	const path = "schedule"
	schedule := *s.Schedule
	if schedule.Verify == nil || schedule.HasTimes() || givesTimes(r, path) {
		checkCadence(r, path, schedule.Cadence)
	} else {
		checkNoCadence(r, path)
	}
	if schedule.Verify == nil {
		return
	}
	const proof = path + ".verify"
	checkCadence(r, proof, *schedule.Verify)
	if s.Verification.Segment == "" && !r.broken("verification.segment") {
		r.refuseKey(proof, "the sync names no segment that could be proved; set verification.segment")
	}
}

// givesTimes reports whether the file has a key that says when.
func givesTimes(r *report, path string) bool {
	return r.given(path+".every") || r.given(path+".cron") || r.given(path+".calendars")
}

// checkNoCadence reports keys of a cadence without times: only a proof stands there.
func checkNoCadence(r *report, path string) {
	for _, key := range []string{"jitter", "start", "end", "catch_up", "pause_after"} {
		if r.given(path + "." + key) {
			r.refuseKey(path+"."+key, "belongs to runs, and nothing says when they are; add every, cron or calendars, or move it below verify")
		}
	}
}

func checkCadence(r *report, path string, c Cadence) {
	var given []string
	for _, key := range []string{"every", "cron", "calendars"} {
		if r.given(path + "." + key) {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0 && !r.broken(path):
		r.refuseKey(path, "says no times; expected exactly one of every, cron or calendars")
	case len(given) > 1:
		r.refuseKey(path+"."+given[1], fmt.Sprintf("there is %q already; expected exactly one of every, cron or calendars", given[0]))
	}
	if zone := path + ".time_zone"; !r.broken(zone) {
		if _, err := c.Zone(); err != nil || c.TimeZone == "Local" {
			r.refuse(zone, `expected a time zone of the IANA list, such as "Europe/Berlin"`)
		}
	}
	checkTimes(r, path, c)
	checkBounds(r, path, c)
	if key := path + ".pause_after"; (c.PauseAfter < 0 || c.PauseAfter > mostFailures) && !r.broken(key) {
		r.refuse(key, "expected a number of failures from 0 to %d", mostFailures)
	}
}

func checkTimes(r *report, path string, c Cadence) {
	if key := path + ".every"; r.given(key) && !r.broken(key) {
		switch {
		case c.Every < shortestInterval:
			r.refuse(key, "expected at least %s", shortestInterval)
		case c.Every.D()%time.Second != 0:
			r.refuse(key, "expected whole seconds")
		}
	}
	if key := path + ".cron"; c.Cron != "" && !r.broken(key) {
		if _, err := timetable.Cron(c.Cron); err != nil {
			r.refuse(key, "%s", err)
		}
	}
	if len(c.Calendars) == 0 {
		checkFilled(r, path+".calendars", "calendar")
	}
	for i, calendar := range c.Calendars {
		checkCalendar(r, item(path+".calendars", i), calendar)
	}
}

func checkCalendar(r *report, path string, c Calendar) {
	if len(c.At) == 0 {
		checkFilled(r, path+".at", "time")
	}
	if len(c.Weekdays) == 0 {
		checkFilled(r, path+".weekdays", "day")
	}
	if len(c.Days) == 0 {
		checkFilled(r, path+".days", "day")
	}
	if len(c.Months) == 0 {
		checkFilled(r, path+".months", "month")
	}
	checkTwice(r, path+".at", c.At)
	checkTwice(r, path+".weekdays", c.Weekdays)
	checkTwice(r, path+".days", c.Days)
	checkTwice(r, path+".months", c.Months)
	for i, day := range c.Days {
		if day < 1 || day > 31 {
			r.refuse(item(path+".days", i), "expected a day of the month, from 1 to 31")
		}
	}
	if r.broken(path) {
		return
	}
	for _, times := range c.times() {
		if !times.Comes() {
			r.refuse(path, "%s", timetable.ErrNever)
		}
	}
}

func checkBounds(r *report, path string, c Cadence) {
	for _, bound := range []struct {
		key         string
		value       Duration
		least, most Duration
	}{{"catch_up", c.CatchUp, shortestCatchUp, longestCatchUp}, {"jitter", c.Jitter, 0, longestJitter}} {
		key := path + "." + bound.key
		switch {
		case r.broken(key):
		case bound.value < bound.least:
			r.refuse(key, "expected at least %s", bound.least)
		case bound.value > bound.most:
			r.refuse(key, "expected at most %s", bound.most)
		}
	}
	if r.broken(path+".start") || r.broken(path+".end") || r.broken(path+".time_zone") || c.End == "" || c.Start == "" {
		return
	}
	if start, end, err := c.Bounds(); err == nil && !start.Before(end) {
		r.refuse(path+".end", "must be after start")
	}
}

// Warning is a sentence about times that are allowed and seldom meant: those near which
// clocks are changed. It is empty where there is nothing to say.
func (c Cadence) Warning() string {
	times, err := c.Timetable()
	if err != nil {
		return ""
	}
	doubtful := times.Doubtful()
	if doubtful == "" {
		return ""
	}
	return fmt.Sprintf("the clocks of %s change near %s: it happens once on those days too, but up to an hour later than the clock says; a time outside 01:00 to 03:00 leaves no doubt",
		times.Zone(), doubtful)
}

// Problem is what is wrong with a cadence that no file gives, and the key that it is
// about; both are empty if nothing is.
func (c Cadence) Problem() (key, text string) {
	const path = "cadence"
	r := newReport("")
	r.places[path] = place{}
	for key, given := range map[string]bool{"every": c.Every != 0, "cron": c.Cron != "", "calendars": len(c.Calendars) > 0} {
		if given {
			r.places[path+"."+key] = place{}
		}
	}
	checkCadence(r, path, c)
	if len(r.problems) == 0 {
		return "", ""
	}
	first := r.problems[0]
	return strings.TrimPrefix(strings.TrimPrefix(first.Path, path), "."), first.Text
}
