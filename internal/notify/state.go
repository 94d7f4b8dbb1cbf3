package notify

import (
	"time"

	"audiencesync/internal/config"
)

// DigestEvery is the time between two digests.
const DigestEvery = 7 * 24 * time.Hour

// State is what notifications of a sync are decided by. The zero value is that of a
// sync of which nothing is known.
type State struct {
	// WatchedAt is when the sync was first looked at.
	WatchedAt time.Time
	// EndedAt is when the newest run ended that was looked at.
	EndedAt time.Time
	// Bad is the end of the last run, if it was bad, and Since when that began.
	Bad   End
	Since time.Time
	// Overdue says that it was told, and that no run has ended well since.
	Overdue bool
	// Stalled is the number of the last run of which it was told that it stands still;
	// zero if a run has ended well since.
	Stalled int64
	// ToldAt is when something was told last.
	ToldAt time.Time
	// DigestAt is the end of the last digest.
	DigestAt time.Time
}

// RunEnded returns the state after a run has ended, and what is to be told of it:
// NotifyBad, NotifyRecovered, or "" for nothing. An end that comes after that of a
// later run, as a worker may hand it in, changes nothing.
func (s State) RunEnded(end End, at time.Time) (State, config.NotifyEvent) {
	if end == Stopped || at.Before(s.EndedAt) {
		return s, ""
	}
	s.EndedAt = at
	switch {
	case end == Good && s.Bad == "" && !s.Overdue && s.Stalled == 0:
		return s, ""
	case end == Good:
		s.Bad, s.Since, s.Overdue, s.Stalled = "", time.Time{}, false, 0
		return s, config.NotifyRecovered
	case end == s.Bad:
		return s, ""
	case s.Bad == "":
		s.Since = at
	}
	s.Bad = end
	return s, config.NotifyBad
}

// RunStalled returns the state when a run stands still, and NotifyStalled if that was not
// told of this run: one that moves now and then is told of once.
func (s State) RunStalled(run int64) (State, config.NotifyEvent) {
	if run == s.Stalled {
		return s, ""
	}
	s.Stalled = run
	return s, config.NotifyStalled
}

// Due returns the state when a run is due, and NotifyOverdue if the last good run,
// or, without one, the beginning, is longer ago than after, and this was not told
// since. Zero is never.
func (s State) Due(lastGood time.Time, after time.Duration, at time.Time) (State, config.NotifyEvent) {
	if s.Overdue || after <= 0 || !at.After(s.OverdueAt(lastGood, after)) {
		return s, ""
	}
	s.Overdue = true
	return s, config.NotifyOverdue
}

// OverdueAt is when the sync becomes overdue if no run ends well before.
func (s State) OverdueAt(lastGood time.Time, after time.Duration) time.Time {
	return later(lastGood, s.WatchedAt).Add(after)
}

// DigestFrom is where the next digest begins.
func (s State) DigestFrom() time.Time { return later(s.DigestAt, s.WatchedAt) }

// DigestDue reports whether a digest is due.
func (s State) DigestDue(at time.Time) bool { return at.Sub(s.DigestFrom()) >= DigestEvery }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
