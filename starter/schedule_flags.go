package main

import (
	"strings"
	"time"

	"github.com/spf13/pflag"

	"audiencesync/internal/config"
)

// cadenceFlags say when something is due, for a sync file that does not.
type cadenceFlags struct {
	every, jitter, catchUp time.Duration
	cron, timeZone         string
	start, end             string
	pauseAfter             int

	flags *pflag.FlagSet
}

// Names of the flags of a cadence: those of the keys of a schedule, with dashes.
const (
	everyFlag      = "every"
	cronFlag       = "cron"
	timeZoneFlag   = "time-zone"
	jitterFlag     = "jitter"
	startFlag      = "start"
	endFlag        = "end"
	catchUpFlag    = "catch-up"
	pauseAfterFlag = "pause-after"
)

func (f *cadenceFlags) add(flags *pflag.FlagSet) {
	usual := config.DefaultCadence()
	f.flags = flags
	flags.DurationVar(&f.every, everyFlag, 0, "interval, for example 6h")
	flags.StringVar(&f.cron, cronFlag, "", "cron expression of five fields, for example \"0 6 * * 1-5\"")
	flags.StringVar(&f.timeZone, timeZoneFlag, "UTC", "time zone of --cron, --start and --end, for example Europe/Berlin")
	flags.DurationVar(&f.jitter, jitterFlag, 0, "random delay of each start, at the most")
	flags.StringVar(&f.start, startFlag, "", "first day, 2027-01-31, or time, 2027-01-31T06:00")
	flags.StringVar(&f.end, endFlag, "", "last day, or time")
	flags.DurationVar(&f.catchUp, catchUpFlag, usual.CatchUp.D(), "how late a missed start may still be after an outage")
	flags.IntVar(&f.pauseAfter, pauseAfterFlag, usual.PauseAfter, "how many failures in a row pause the schedule; 0 is never")
}

// given names the flags that were given.
func (f *cadenceFlags) given() []string {
	var given []string
	for _, name := range []string{everyFlag, cronFlag, timeZoneFlag, jitterFlag, startFlag, endFlag, catchUpFlag, pauseAfterFlag} {
		if f.flags.Changed(name) {
			given = append(given, name)
		}
	}
	return given
}

// refuse refuses flags beside a file that says when itself.
func (f *cadenceFlags) refuse(file string) error {
	if given := f.given(); len(given) > 0 {
		return usage("--%s: %s says itself when the sync is due (schedule): change it there, or leave the flag out", given[0], file)
	}
	return nil
}

// over returns a cadence, changed by the flags that were given.
func (f *cadenceFlags) over(c config.Cadence) (config.Cadence, error) {
	if f.flags.Changed(everyFlag) && f.flags.Changed(cronFlag) {
		return c, usage("say when: either --every (for example 6h) or --cron (for example \"0 6 * * *\"), not both")
	}
	if f.flags.Changed(everyFlag) {
		if f.every < time.Minute {
			return c, usage("--every %s: the shortest interval is 1m", f.every)
		}
		c.Every, c.Cron, c.Calendars = config.Duration(f.every), "", nil
	}
	if f.flags.Changed(cronFlag) {
		if f.cron == "" {
			return c, usage("--cron is empty: write five fields: minute, hour, day of month, month, day of week")
		}
		c.Every, c.Cron, c.Calendars = 0, f.cron, nil
	}
	for name, set := range map[string]func(){
		timeZoneFlag:   func() { c.TimeZone = f.timeZone },
		jitterFlag:     func() { c.Jitter = config.Duration(f.jitter) },
		catchUpFlag:    func() { c.CatchUp = config.Duration(f.catchUp) },
		pauseAfterFlag: func() { c.PauseAfter = f.pauseAfter },
	} {
		if f.flags.Changed(name) {
			set()
		}
	}
	for _, bound := range []struct {
		name, text string
		into       *config.LocalTime
	}{{startFlag, f.start, &c.Start}, {endFlag, f.end, &c.End}} {
		if !f.flags.Changed(bound.name) {
			continue
		}
		*bound.into = ""
		if bound.text == "" {
			continue // None any more.
		}
		if err := bound.into.UnmarshalText([]byte(bound.text)); err != nil {
			return c, usage("--%s %q: %s", bound.name, bound.text, err)
		}
	}
	return c, f.check(c)
}

func (f *cadenceFlags) check(c config.Cadence) error {
	if !c.HasTimes() {
		return usage("say when: with --every (for example 6h), with --cron (for example \"0 6 * * *\"), or in the sync file (schedule)")
	}
	key, problem := c.Problem()
	if problem == "" {
		return nil
	}
	name := strings.ReplaceAll(key, "_", "-")
	flag := f.flags.Lookup(name)
	if flag == nil {
		return usage("%s: %s", key, problem)
	}
	if flag.Value.Type() == "string" {
		return usage("--%s %q: %s", name, flag.Value, problem)
	}
	return usage("--%s %s: %s", name, flag.Value, problem)
}
