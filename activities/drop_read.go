package activities

import "context"

// DropReadInput is the input of DropRead.
type DropReadInput struct {
	Run RunRef `json:"run"`
}

// DropRead forgets what a run has read and staged, of which nothing has been sent:
// it waits for a decision, and what is staged is personal data. The run reads again
// before it goes on.
func (a *Activities) DropRead(ctx context.Context, in DropReadInput) error {
	defer keepAlive(ctx)()
	a.readers.drop(in.Run)
	return fail(ctx, in.Run.Sync, a.ledger.DropRead(ctx, in.Run))
}
