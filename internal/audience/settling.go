package audience

import "time"

// Settling decides when a segment has come to rest. Counts lag behind writes, rise
// in steps and dip; all of that is normal. It is a plain value: the workflow feeds it
// counts and times, and carries it from one history to the next.
type Settling struct {
	// Expected is the count that ends the waiting early when seen twice in a row.
	Expected int64 `json:"expected"`
	// MaxLag is how long a count that does not move is waited for.
	MaxLag time.Duration `json:"max_lag"`
	// Deadline bounds the waiting as a whole.
	Deadline time.Duration `json:"deadline"`

	// Last is the newest count, nil before the first one. Matches is how often in a
	// row it has been the expected one.
	Last    *int64 `json:"last,omitempty"`
	Matches int    `json:"matches,omitempty"`
	// Started is when the first count was made, Moved when the newest one that was
	// not the one before.
	Started time.Time `json:"started,omitzero"`
	Moved   time.Time `json:"moved,omitzero"`
}

// Observe takes a count made at a time and reports whether it is the last one
// needed. The first call starts the clocks.
func (s *Settling) Observe(count int64, at time.Time) bool {
	if s.Last == nil {
		s.Started, s.Moved = at, at
	} else if count != *s.Last {
		s.Moved = at
	}
	s.Last = &count
	if count == s.Expected {
		s.Matches++
	} else {
		s.Matches = 0
	}
	return s.Matches >= 2 || s.Over(at)
}

// Over reports whether nothing is to be waited for any more, whatever the count says:
// it has not moved for MaxLag, or the deadline has passed.
func (s *Settling) Over(at time.Time) bool {
	return at.Sub(s.Moved) >= s.MaxLag || at.Sub(s.Started) >= s.Deadline
}
