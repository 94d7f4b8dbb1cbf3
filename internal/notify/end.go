// Package notify decides what is told of a sync, and in which words: on transitions
// only, so that what goes on is told once. It does no I/O and holds no contact data.
package notify

import (
	"time"

	"audiencesync/internal/audience"
)

// End is how a run ended, as far as it is told.
type End string

// The ends of a run.
const (
	// Good: what "audiencesync run" ends with exit code 0 for.
	Good End = "good"
	// Outside: explained, with more failures than the sync accepts.
	Outside End = "outside"
	// Unexplained: the numbers differ, and nobody knows why.
	Unexplained End = "unexplained"
	// Unverifiable: there is no count, and the sync asks for one.
	Unverifiable End = "unverifiable"
	// Failed: it did not come to its end.
	Failed End = "failed"
	// Refused: something has to be corrected before anything is sent.
	Refused End = "refused"
	// NotApproved: nobody approved what it would change, or a schedule may not ask.
	NotApproved End = "not_approved"
	// Stopped: a person cancelled or declined it, or a newer run took over. That says
	// nothing about the sync that nobody knows. Plans are no runs, and a mere proof that
	// is good is none that has brought anything.
	Stopped End = "stopped"
)

// EndOf returns how a run ended that came to a report.
func EndOf(r *audience.Report) End {
	switch {
	case r.Ended == audience.EndedCancelled, r.Ended == audience.EndedDeclined, r.Ended == audience.EndedPlanned, r.Audited:
		return Stopped
	case r.Ended != "":
		return Failed
	case r.Verdict == audience.Unexplained:
		return Unexplained
	case r.Verdict == audience.Unverifiable && !r.Unasked:
		return Unverifiable
	case !r.Acceptable:
		return Outside
	case r.Verified:
		return Stopped
	default:
		return Good
	}
}

// LastGood returns when the last of these runs ended that ended well, zero without
// one. They are in the order in which they ended.
func LastGood(reports []audience.Report) time.Time {
	for i := len(reports) - 1; i >= 0; i-- {
		if EndOf(&reports[i]) == Good {
			return reports[i].FinishedAt
		}
	}
	return time.Time{}
}
