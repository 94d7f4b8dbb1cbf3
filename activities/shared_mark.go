package activities

import (
	"context"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// takeTurn takes the turn to send a batch with a custom property that syncs share;
// nil for a property of the sync's own.
func (a *Activities) takeTurn(ctx context.Context, run *openRun, batch ledger.Batch) (*ledger.Turn, error) {
	if !run.spec.Marker.Shared {
		return nil, nil
	}
	contacts := make([]int64, len(batch.Members))
	for i, member := range batch.Members {
		contacts[i] = member.Contact
	}
	turn, err := a.ledger.TakeTurn(ctx, run.ref, contacts)
	return &turn, err
}

// setSharedMark gives a contact the mark of all audiences that it is in, or stays in.
func setSharedMark(run *openRun, batch ledger.Batch, turn *ledger.Turn, member ledger.Staged, contact *audience.Contact) {
	audiences := slices.Clone(turn.Audiences[member.Contact])
	if batch.Kind != ledger.BatchLeavers {
		audiences = append(audiences, run.spec.Audience.ID)
	}
	run.mapper.SetSharedMark(contact, audiences)
}
