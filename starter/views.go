package main

import (
	"encoding/json"
	"time"

	"audiencesync/workflows"
)

// view shows how a run stands, again and again.
type view interface {
	// show is called whenever the run has answered.
	show(s standing) error
	// line says something that is no progress.
	line(text string)
	// end is called once, when nothing more comes.
	end() error
}

// newView is a live view on a terminal, and calm lines in a log.
func (a *app) newView() view {
	if a.isPerson(a.stderr) && !a.quiet {
		return &liveView{screen: screen{out: a.stderr, width: a.width}}
	}
	return &logView{app: a, began: time.Now()}
}

// How often a log gets a line while a step goes on: after a tenth of the time that the
// run is watched for, but not sooner or later than this.
const (
	sayEvery    = 5 * time.Second
	sayAtLatest = 5 * time.Minute
)

// logView writes lines: one for each step, for each new reason to wait, and now and then
// one in between.
type logView struct {
	app      *app
	began    time.Time
	phase    workflows.Phase
	lastSaid time.Time
	last     string
	lastWhy  string
	stalled  bool
}

func (v *logView) show(s standing) error {
	now := time.Now()
	why := ""
	if s.Waiting != nil {
		why = s.Waiting.Why
	}
	if why != "" && why != v.lastWhy {
		v.app.say("waiting: %s", s.Waiting.Line(now))
	}
	v.lastWhy = why
	if stalled := s.Stalled != nil; stalled != v.stalled {
		v.stalled = stalled
		if stalled {
			v.app.say("%s", s.still(now))
		} else {
			v.app.say("the run moves again")
		}
	}
	pause := min(max(now.Sub(v.began)/10, sayEvery), sayAtLatest)
	if text := describe(s.Progress); s.Phase != v.phase || text != v.last && now.Sub(v.lastSaid) >= pause {
		v.phase, v.lastSaid, v.last = s.Phase, now, text
		v.app.say("%s", text)
	}
	return nil
}

func (v *logView) line(text string) { v.app.say("%s", text) }

func (v *logView) end() error { return nil }

// jsonEvery is the time between two lines of a jsonView.
const jsonEvery = time.Second

// jsonView writes a line of JSON for each change, once a second at the most: what
// "audiencesync status -o json" would print.
type jsonView struct {
	app  *app
	last string
	at   time.Time
}

func (v *jsonView) show(s standing) error {
	now := time.Now()
	changed, err := json.Marshal(s.withoutPace())
	if err != nil || string(changed) == v.last || now.Sub(v.at) < jsonEvery {
		return err
	}
	v.last, v.at = string(changed), now
	return json.NewEncoder(v.app.stdout).Encode(s.printed(now))
}

func (v *jsonView) line(text string) { v.app.say("%s", text) }

func (v *jsonView) end() error { return nil }

// printed is how a run stands, as JSON.
type printed struct {
	workflows.Progress

	Waiting string `json:"waiting,omitempty"`
}

func (s standing) printed(now time.Time) printed {
	return printed{Progress: s.Progress, Waiting: s.Waiting.Line(now)}
}

// withoutPace is how a run stands without what changes though nothing happens.
func (s standing) withoutPace() printed {
	p := printed{Progress: s.Progress}
	p.Rate, p.SecondsLeft = 0, 0
	if s.Waiting != nil {
		p.Waiting = s.Waiting.Why
	}
	return p
}
