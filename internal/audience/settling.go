package audience

import "time"

// Settling decides when a segment count has come to rest. Counts lag behind
// writes, rise in steps and dip; all of that is normal. It is a plain value:
// the workflow feeds it counts and times.
type Settling struct {
	// Expected is the count that ends the waiting early when seen twice in a row.
	Expected int64
	// MaxLag is how long a count that does not move is waited for.
	MaxLag time.Duration
	// Deadline bounds the waiting as a whole.
	Deadline time.Duration

	started   time.Time
	lastMoved time.Time
	last      int64
	matches   int
	observed  bool
}

// Observe takes a count made at a time and reports whether it is the last one
// needed. The first call starts the clocks.
func (s *Settling) Observe(count int64, at time.Time) bool {
	if !s.observed {
		s.started, s.lastMoved, s.observed = at, at, true
	} else if count != s.last {
		s.lastMoved = at
	}
	s.last = count
	if count == s.Expected {
		s.matches++
	} else {
		s.matches = 0
	}
	return s.matches >= 2 ||
		at.Sub(s.lastMoved) >= s.MaxLag ||
		at.Sub(s.started) >= s.Deadline
}
