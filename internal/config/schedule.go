package config

import (
	"cmp"
	"time"

	"audiencesync/internal/timetable"
)

// Schedule says when a sync runs by itself, and when it is proved besides: exactly one
// of Every, Cron and Calendars, or none of them beside Verify.
type Schedule struct {
	Cadence

	// Verify is when the segment is proved once more, with nothing read or sent, as by
	// audiencesync verify. It has the same keys, and the time zone around it unless it
	// gives its own.
	Verify *Cadence `yaml:"verify" json:"verify,omitempty"`
}

// Cadence says when something is done again and again: exactly one of Every, Cron and
// Calendars.
type Cadence struct {
	// Every is an interval of at least 1m, counted from midnight UTC of 1970-01-01: "6h"
	// is at 00:00, 06:00, 12:00 and 18:00 UTC.
	Every Duration `yaml:"every" json:"every,omitempty"`
	// Cron is an expression of five fields: minute, hour, day of month, month, day of
	// week. One of the days is a *.
	Cron string `yaml:"cron" json:"cron,omitempty"`
	// Calendars are times of the clock on days of the calendar. It is due when any of
	// them says so.
	Calendars []Calendar `yaml:"calendars" json:"calendars,omitempty"`
	// TimeZone is that of Cron, Calendars, Start and End: a name of the IANA list.
	// Default: UTC.
	TimeZone string `yaml:"time_zone" json:"time_zone,omitempty"`
	// Jitter delays each start by a random time, this one at the most, so that many
	// schedules do not start together. Default: 0s.
	Jitter Duration `yaml:"jitter" json:"jitter,omitempty"`
	// Start is when the schedule begins: a day, or a time as in "2027-01-31T06:00".
	Start LocalTime `yaml:"start" json:"start,omitempty"`
	// End is when the schedule ends: a day, which is part of it, or a time as in
	// "2027-01-31T06:00". A schedule that has ended goes away after some days.
	End LocalTime `yaml:"end" json:"end,omitempty"`
	// CatchUp is how late a start may be that was missed while Temporal was down, from
	// 10s to 720h. What is older is left out. Default: 1h.
	CatchUp Duration `yaml:"catch_up" json:"catch_up"`
	// PauseAfter is how many failures in a row pause the schedule, from 0, which is
	// never, to 100. A verdict is no failure. Default: 3.
	PauseAfter int `yaml:"pause_after" json:"pause_after" jsonschema:"minimum=0,maximum=100"`
}

// Calendar holds at times of the clock on every day that is all it asks for.
type Calendar struct {
	// At are times of the clock, as in "06:00".
	At []ClockTime `yaml:"at" json:"at" jsonschema:"required"`
	// Weekdays are days of the week. Without them every day.
	Weekdays []Weekday `yaml:"weekdays" json:"weekdays,omitempty"`
	// Days are days of the month, from 1 to 31. Without them every day.
	Days []int `yaml:"days" json:"days,omitempty"`
	// Months are months of the year. Without them every month.
	Months []Month `yaml:"months" json:"months,omitempty"`
}

// Weekday is a day of the week by its first three letters.
type Weekday string

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Choices are the days of the week.
func (Weekday) Choices() []string {
	return append(weekdays[1:len(weekdays):len(weekdays)], weekdays[0])
}

// Month is a month by its first three letters.
type Month string

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// Choices are the months.
func (Month) Choices() []string { return months }

// DefaultCadence returns a cadence with every default and no times.
func DefaultCadence() Cadence {
	return Cadence{CatchUp: Duration(time.Hour), PauseAfter: 3}
}

// inherit gives the proof the time zone of the schedule around it.
func (s *Schedule) inherit() {
	if s != nil && s.Verify != nil {
		s.Verify.TimeZone = cmp.Or(s.Verify.TimeZone, s.TimeZone)
	}
}

// Runs returns when the sync runs by itself, nil for never.
func (s *Schedule) Runs() *Cadence {
	if s == nil || !s.HasTimes() {
		return nil
	}
	return &s.Cadence
}

// Proofs returns when the sync is proved by itself, nil for never.
func (s *Schedule) Proofs() *Cadence {
	if s == nil {
		return nil
	}
	return s.Verify
}

// HasTimes reports whether the cadence says when.
func (c Cadence) HasTimes() bool { return c.Every != 0 || c.Cron != "" || len(c.Calendars) > 0 }

// Zone is the time zone of the cadence.
func (c Cadence) Zone() (*time.Location, error) {
	return time.LoadLocation(cmp.Or(c.TimeZone, "UTC"))
}

// Timetable returns the due times of the cadence, without its start and end.
func (c Cadence) Timetable() (timetable.Timetable, error) {
	if c.Every != 0 {
		return timetable.Every(c.Every.D()), nil
	}
	zone, err := c.Zone()
	if err != nil {
		return timetable.Timetable{}, err
	}
	if c.Cron != "" {
		calendar, err := timetable.Cron(c.Cron)
		return timetable.In(zone, calendar), err
	}
	var calendars []timetable.Calendar
	for _, calendar := range c.Calendars {
		calendars = append(calendars, calendar.times()...)
	}
	return timetable.In(zone, calendars...), nil
}

// times are the calendars of a timetable, one for each minute of the hour.
func (c Calendar) times() []timetable.Calendar {
	var calendars []timetable.Calendar
	minutes := map[int]int{}
	for _, at := range c.At {
		hour, minute := at.clock()
		i, ok := minutes[minute]
		if !ok {
			i = len(calendars)
			minutes[minute] = i
			calendars = append(calendars, c.onDays(minute))
		}
		calendars[i].Hours |= timetable.Of(hour)
	}
	return calendars
}

func (c Calendar) onDays(minute int) timetable.Calendar {
	return timetable.Calendar{
		Minutes: timetable.Of(minute), Days: oneOfAll(c.Days, timetable.Between(1, 31)),
		Months: oneOfAll(positions(c.Months, months, 1), timetable.Between(1, 12)), Weekdays: oneOfAll(positions(c.Weekdays, weekdays, 0), timetable.Between(0, 6)),
	}
}
