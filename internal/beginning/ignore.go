package beginning

import "context"

// Ignored is what it came to that the contacts of a segment are not ours.
type Ignored struct {
	Sync      string `json:"sync"`
	Workspace string `json:"workspace"`
	Segment   string `json:"segment,omitempty"`
	// Counted is the segment's count, nil where it cannot be had; Why says why.
	Counted *int64 `json:"counted"`
	Why     string `json:"why,omitempty"`
	// Held of the counted are members all the same: a trial brought them.
	Held int64 `json:"held"`
	// NotOurs are the others: so many more than expected may be counted from now on.
	NotOurs int64 `json:"not_ours"`
	// Forgotten had been adopted before, and are members no more.
	Forgotten int64 `json:"forgotten"`
}

// Ignore records that the contacts that the segment counts now are not ours.
func Ignore(ctx context.Context, o Options) (Ignored, error) {
	t, err := newTeller(ctx, o)
	if err != nil {
		return Ignored{}, err
	}
	done := Ignored{Sync: o.Spec.Sync, Workspace: t.opening.Workspace, Segment: o.Spec.Verification.Segment}
	if done.Counted, done.Why, err = t.count(ctx); err != nil {
		return Ignored{}, err
	}
	ignored, err := o.Pool.Ledger.Ignore(ctx, t.opening, done.Counted)
	done.Held, done.NotOurs, done.Forgotten = ignored.Held, ignored.NotOurs, ignored.Dropped
	return done, err
}
