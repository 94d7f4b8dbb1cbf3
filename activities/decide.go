package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// DecideInput is the input of Decide.
type DecideInput struct {
	Run RunRef `json:"run"`
}

// Plan is what a run is going to do, known before anything is sent.
type Plan struct {
	Read      int64 `json:"read"`
	Unchanged int64 `json:"unchanged"`
	// ToSend members wait in batches 1 to Batches.
	ToSend  int64 `json:"to_send"`
	Batches int64 `json:"batches"`
	// Digest identifies the plan: an approval is bound to it.
	Digest string `json:"digest"`
}

// Decide states the plan of a run whose read is complete. In mode add every
// member that changed is sent and nobody is unmarked.
func (a *Activities) Decide(ctx context.Context, in DecideInput) (Plan, error) {
	defer keepAlive(ctx)()
	plan, err := a.decide(ctx, in.Run)
	return plan, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) decide(ctx context.Context, ref RunRef) (Plan, error) {
	run, err := a.ledger.Run(ctx, ref)
	if err != nil {
		return Plan{}, err
	}
	pages, err := a.ledger.PageResults(ctx, ref, 0)
	if err != nil {
		return Plan{}, err
	}
	if pages.Unknown > 0 {
		return Plan{}, &unknownLabelsError{sync: ref.Sync, members: pages.Unknown}
	}
	plan := Plan{Read: pages.Read, Unchanged: pages.Outcomes.Unchanged, ToSend: pages.Staged, Batches: run.Batches}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s/%d %+v", ref.Sync, ref.Run, plan))
	plan.Digest = hex.EncodeToString(digest[:8])
	return plan, nil
}
