// Package runreport gathers from the ledger everything that is shown of a run that
// has ended: its report, why members failed, how the sending went, and the runs
// before it. It is the one source of the terminal's, the JSON's and the page's
// numbers.
package runreport

import (
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// Document is a run as it is shown. It holds no contact data unless References is
// set.
type Document struct {
	audience.Report

	// FailuresByReason says of the reasons and leaver_reasons how many failures this
	// run met, and how many an earlier one with the same content.
	FailuresByReason []FailureReason `json:"failures_by_reason"`
	// Course is nil for a run that sent nothing.
	Course *audience.Course `json:"course"`
	// History are the newest runs up to this one, newest first.
	History []Past `json:"history"`
	// References is nil unless it was asked for.
	References *References `json:"references,omitempty"`
	WrittenAt  time.Time   `json:"written_at"`
	Version    string      `json:"version"`
}

// FailureReason counts failures by why. Reasons of members that are no failures,
// such as duplicates, have none.
type FailureReason struct {
	Reason string `json:"reason"`
	// Leaver says that it is about leavers, who could not be unmarked.
	Leaver bool  `json:"leaver,omitempty"`
	New    int64 `json:"new"`
	Known  int64 `json:"known"`
}

// References are members and leavers that were not taken, by name. They are contact
// data.
type References struct {
	Listed []Failed `json:"listed"`
	// More are not listed here; the command failures lists all.
	More int64 `json:"more"`
}

// Failed is one member or leaver that was not taken. It is contact data.
type Failed struct {
	// Reference is empty for a member without a usable one.
	Reference string           `json:"reference"`
	Leaver    bool             `json:"leaver,omitempty"`
	Outcome   audience.Outcome `json:"outcome"`
	Reason    string           `json:"reason"`
	Field     string           `json:"field,omitempty"`
	// Message is Hello Charles' own words.
	Message string `json:"message,omitempty"`
	Known   bool   `json:"known"`
}

// Past is one run in the history of a sync.
type Past struct {
	Run       int64           `json:"run"`
	State     ledger.RunState `json:"state"`
	StartedAt time.Time       `json:"started_at"`
	// Account is nil for a run that has no report.
	*Account
}

// Account is what the history tells of a run that has a report.
type Account struct {
	Ended      string           `json:"ended,omitempty"`
	Verdict    audience.Verdict `json:"verdict"`
	Acceptable bool             `json:"acceptable"`
	// Verified says that nothing was read or sent: it proved what earlier runs brought.
	Verified bool `json:"verified,omitempty"`
	// Audited says that the audience was read only to compare the segment with it.
	Audited bool    `json:"audited,omitempty"`
	Seconds float64 `json:"seconds"`
	// Reported is nil where the source reports no size.
	Reported *int64 `json:"reported"`
	Read     int64  `json:"read"`
	// Sent members were created, updated or accepted.
	Sent          int64 `json:"sent"`
	NewFailures   int64 `json:"new_failures"`
	KnownFailures int64 `json:"known_failures"`
	// Removed leavers lost the marker.
	Removed  int64 `json:"removed"`
	Expected int64 `json:"expected"`
	// Counted, and with it Drift, counted minus expected, is nil without a count.
	Counted *int64 `json:"counted"`
	Drift   *int64 `json:"drift"`
}

// pastOf is the line of a run in the history.
func pastOf(run ledger.RunRecord) Past {
	past := Past{Run: run.Number, State: run.State, StartedAt: run.OpenedAt.Truncate(time.Second)}
	r := run.Report
	if r == nil {
		return past
	}
	past.Account = &Account{
		Ended: r.Ended, Verified: r.Verified, Audited: r.Audited, Verdict: r.Verdict, Acceptable: r.Acceptable, Seconds: r.FinishedAt.Sub(r.StartedAt).Round(100 * time.Millisecond).Seconds(),
		Reported: r.Source.Reported, Read: r.Source.Read, Sent: r.Outcomes.Taken(),
		NewFailures: r.NewFailures, KnownFailures: r.KnownFailures, Removed: r.Leavers.Removed,
		Expected: r.Segment.Expected, Counted: r.Segment.Counted,
	}
	if r.Segment.Counted != nil {
		drift := r.Segment.Extra()
		past.Drift = &drift
	}
	return past
}

// Compared reports whether a run is one whose numbers may be compared with others':
// it read an audience and came to its end.
func (p Past) Compared() bool { return p.Account != nil && p.Ended == "" && !p.Verified && !p.Audited }

// End says in a word how a run with a report ended: its verdict, or what ended it
// before it had one.
func (a *Account) End() string {
	switch {
	case a.Ended == audience.EndedPlanned:
		return "plan"
	case a.Ended != "":
		return a.Ended
	case a.Verified:
		return string(a.Verdict) + ", proof only"
	case a.Audited:
		return string(a.Verdict) + ", audit"
	case a.Verdict == audience.Explained && !a.Acceptable:
		return string(a.Verdict) + ", outside accept"
	default:
		return string(a.Verdict)
	}
}
