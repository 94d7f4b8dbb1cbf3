package workflows

import (
	"fmt"
	"time"

	"audiencesync/activities"
)

// silenceBeforeAsking is for how long requests are tried in vain before a run
// asks. Most outages are over by then, without anybody; but one contact that is
// never answered for, and is all there is to send, looks the same and would keep
// the run for ever.
const silenceBeforeAsking = 4 * time.Hour

// How long SendBatch tries at least, by its back-off, before it gives a batch
// back that nobody answers for: 20 times where it is patient, else 8 times. That
// is counted, and not the time by the clock: the worker may have been down.
const (
	patientTry = 15 * time.Minute
	shortTry   = 2 * time.Minute
)

// Silence is what a run knows while Hello Charles answers for nothing. An
// answer ends it.
type Silence struct {
	// Since is when the first batch after the last answer was postponed.
	Since time.Time `json:"since,omitzero"`
	// InARow counts postponed batches.
	InARow int `json:"in_a_row,omitempty"`
	// Tried is for how long requests were tried since the silence began or was
	// approved; of batches that were under way at once, one counts. LastEnded is
	// when the newest that counts was given back.
	Tried     time.Duration `json:"tried,omitempty"`
	LastEnded time.Time     `json:"last_ended,omitzero"`
	// Approved says that a person wants the run to go on all the same.
	Approved bool `json:"approved,omitempty"`
}

// lasts takes note of a batch that was postponed.
func (s *Silence) lasts(sent sending) {
	if s.Since.IsZero() {
		s.Since = sent.ended
	}
	s.InARow++
	if sent.began.Before(s.LastEnded) {
		return
	}
	s.LastEnded = sent.ended
	if sent.mode == activities.SendPatiently {
		s.Tried += patientTry
	} else {
		s.Tried += shortTry
	}
}

// isLong reports whether the run should ask before it tries again.
func (s *Silence) isLong() bool { return s.Tried >= silenceBeforeAsking }

// why says why a run asks.
func (s *Silence) why() string {
	return fmt.Sprintf("Hello Charles has answered for nothing since %s", s.Since.UTC().Format("2006-01-02 15:04 MST"))
}

// approve lets the run go on with the batches that were postponed. Others are
// sent patiently as before, and the run asks again after as much silence.
func (s *Silence) approve() { s.Tried, s.Approved = 0, true }
