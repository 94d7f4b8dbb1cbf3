package activities

import (
	"context"
	"time"
)

// LookOverdueInput is the input of LookOverdue.
type LookOverdueInput struct {
	Sync string `json:"sync"`
	// After is how long ago the last good run may have ended.
	After time.Duration `json:"after"`
	At    time.Time     `json:"at"`
}

// LookOverdueResult is the result of LookOverdue.
type LookOverdueResult struct {
	// Told says that it was told already that the sync is overdue.
	Told bool `json:"told,omitempty"`
	// In is how long it is until the sync is overdue; zero if it is.
	In time.Duration `json:"in,omitempty"`
}

// LookOverdue says when a sync is overdue if no run ends well before. A sync that is
// looked at for the first time is watched from then on.
func (a *Activities) LookOverdue(ctx context.Context, in LookOverdueInput) (LookOverdueResult, error) {
	defer keepAlive(ctx)()
	state, lastGood, err := a.ledger.Watch(ctx, in.Sync, in.At, in.At.Add(-in.After))
	if err != nil {
		return LookOverdueResult{}, fail(ctx, in.Sync, err)
	}
	// The moment itself is not overdue yet.
	wait := state.OverdueAt(lastGood, in.After).Sub(in.At) + time.Second
	return LookOverdueResult{Told: state.Overdue, In: max(wait, 0)}, nil
}
