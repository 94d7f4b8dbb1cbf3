package audience

import (
	"math"
	"slices"
	"time"
)

// Course is how the sending of a run went, in steps of equal length: numbers only.
type Course struct {
	From        time.Time `json:"from"`
	StepSeconds int64     `json:"step_seconds"`
	// Contacts were answered for, taken or not. Requests may have left; Repeated of
	// them carried contacts that an earlier request had carried.
	Contacts int64 `json:"contacts"`
	Requests int64 `json:"requests"`
	Repeated int64 `json:"repeated"`
	// WaitedSeconds is for how long Hello Charles had asked to be left alone.
	WaitedSeconds float64      `json:"waited_seconds"`
	Steps         []CourseStep `json:"steps"`
}

// CourseStep is one step of a course.
type CourseStep struct {
	At                time.Time `json:"at"`
	Contacts          int64     `json:"contacts"`
	ContactsPerSecond float64   `json:"contacts_per_second"`
	Requests          int64     `json:"requests"`
	Repeated          int64     `json:"repeated"`
	WaitedSeconds     float64   `json:"waited_seconds"`
}

// Sending is what a course is made of: the requests of one batch.
type Sending struct {
	// FirstSent and LastSent are when its first and its last request were recorded as
	// sent, up to a second before they left.
	FirstSent, LastSent time.Time
	// Settled is zero as long as nobody has answered.
	Settled            time.Time
	Requests, Repeated int64
	// Contacts were answered for.
	Contacts int64
	// OneByOne says that each contact had a request, and an answer, of its own.
	OneByOne bool
}

// Delay is a time in which nothing was sent because Hello Charles had asked for it.
type Delay struct{ From, Until time.Time }

// mostSteps bounds a course, however long the run.
const mostSteps = 120

// stepLengths are those of which a person knows how long they are.
var stepLengths = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// NewCourse adds up what was sent, from the first request to the last answer, in at
// most 120 steps. It is nil where nothing was sent.
//
// Of a batch the first and the last request are at their times, and those between
// them, as well as the answers to contacts that were sent one by one, spread evenly.
func NewCourse(sent []Sending, delays []Delay) *Course {
	sent = slices.DeleteFunc(slices.Clone(sent), func(s Sending) bool { return s.Requests == 0 })
	if len(sent) == 0 {
		return nil
	}
	from, until := sent[0].FirstSent, sent[0].LastSent
	for _, s := range sent {
		from = earlier(from, s.FirstSent)
		until = later(later(until, s.LastSent), s.Settled)
	}
	c := newSteps(from, until)
	for _, s := range sent {
		c.add(s)
	}
	for _, d := range together(delays) {
		c.addDelay(d, until)
	}
	c.finish()
	return c
}

func newSteps(from, until time.Time) *Course {
	from = from.Truncate(time.Second).UTC()
	length := stepLengths[len(stepLengths)-1]
	for _, l := range stepLengths {
		if until.Sub(from) < l*mostSteps {
			length = l
			break
		}
	}
	for until.Sub(from) >= length*mostSteps {
		length *= 2
	}
	c := &Course{From: from, StepSeconds: int64(length / time.Second)}
	c.Steps = make([]CourseStep, int(until.Sub(from)/length)+1)
	for i := range c.Steps {
		c.Steps[i].At = from.Add(time.Duration(i) * length)
	}
	return c
}

func (c *Course) length() time.Duration { return time.Duration(c.StepSeconds) * time.Second }

// step is the one that a moment falls into.
func (c *Course) step(at time.Time) *CourseStep {
	i := int(at.Sub(c.From) / c.length())
	return &c.Steps[min(max(i, 0), len(c.Steps)-1)]
}

func (c *Course) add(s Sending) {
	for i := range s.Requests {
		step := c.step(spread(s.FirstSent, s.LastSent, i, s.Requests))
		step.Requests++
		if i >= s.Requests-s.Repeated {
			step.Repeated++
		}
	}
	if s.Settled.IsZero() {
		return
	}
	if !s.OneByOne {
		c.step(s.Settled).Contacts += s.Contacts
		return
	}
	for i := range s.Contacts {
		c.step(spread(s.FirstSent, s.Settled, i+1, s.Contacts+1)).Contacts++
	}
}

// spread is the time of the i-th of n, counted from 0, that begin and end at two
// times.
func spread(from, until time.Time, i, n int64) time.Time {
	if n < 2 {
		return from
	}
	return from.Add(time.Duration(float64(until.Sub(from)) * float64(i) / float64(n-1)))
}

// together are delays of which none overlaps another, in order.
func together(delays []Delay) []Delay {
	sorted := slices.SortedFunc(slices.Values(delays), func(a, b Delay) int { return a.From.Compare(b.From) })
	var joined []Delay
	for _, d := range sorted {
		if last := len(joined) - 1; last >= 0 && !d.From.After(joined[last].Until) {
			joined[last].Until = later(joined[last].Until, d.Until)
			continue
		}
		joined = append(joined, d)
	}
	return joined
}

func (c *Course) addDelay(d Delay, until time.Time) {
	for i := range c.Steps {
		begin := later(d.From, c.Steps[i].At)
		end := earlier(earlier(d.Until, until), c.Steps[i].At.Add(c.length()))
		if end.After(begin) {
			c.Steps[i].WaitedSeconds += end.Sub(begin).Seconds()
		}
	}
}

func (c *Course) finish() {
	for i := range c.Steps {
		step := &c.Steps[i]
		step.WaitedSeconds = tenths(step.WaitedSeconds)
		step.ContactsPerSecond = tenths(float64(step.Contacts) / float64(c.StepSeconds))
		c.Contacts += step.Contacts
		c.Requests += step.Requests
		c.Repeated += step.Repeated
		c.WaitedSeconds = tenths(c.WaitedSeconds + step.WaitedSeconds)
	}
}

func tenths(n float64) float64 { return math.Round(n*10) / 10 }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
