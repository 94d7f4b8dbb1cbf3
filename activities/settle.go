package activities

import (
	"context"
	"fmt"

	"audiencesync/internal/ledger"
)

// settle stores the outcomes of the first members of a batch, and what each field of
// those that were taken was. Their digests are made here and not while reading,
// because a batch would carry them for nothing.
func (a *Activities) settle(ctx context.Context, run *openRun, batch ledger.Batch, outcomes []ledger.MemberOutcome) (ledger.Batch, error) {
	for i := range outcomes {
		if batch.Kind != ledger.BatchMembers || !outcomes[i].Outcome.Took() {
			continue
		}
		member := batch.Members[i]
		var err error
		if outcomes[i].FieldDigests, err = run.mapper.FieldDigests(a.ledger.Key(), member.Reference, member.Mapped); err != nil {
			return ledger.Batch{}, fmt.Errorf("fields of a member of batch %d: %w", batch.Number, err)
		}
	}
	return a.ledger.Settle(ctx, run.ref, batch, outcomes)
}
