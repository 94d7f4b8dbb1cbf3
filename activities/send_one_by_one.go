package activities

import (
	"context"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// settleEvery is how many contacts are sent one by one before their outcomes
// are stored: what a crash repeats at the most.
const settleEvery = 10

// sendOneByOne sends the members of a batch by the documented call, one
// contact a request, and stores the outcomes chunk by chunk.
func (a *Activities) sendOneByOne(ctx context.Context, run *openRun, batch ledger.Batch) (ledger.Batch, error) {
	for len(batch.Members) > 0 {
		if workerStops(ctx) {
			return ledger.Batch{}, errWorkerStopping
		}
		size := min(settleEvery, len(batch.Members))
		m := mapMembers(run, batch.Members[:size])
		if err := a.sendChunk(ctx, run, batch, m); err != nil {
			return ledger.Batch{}, err
		}
		var err error
		if batch, err = a.ledger.Settle(ctx, run.ref, batch.Number, m.outcomes); err != nil {
			return ledger.Batch{}, err
		}
	}
	return batch, nil
}

func (a *Activities) sendChunk(ctx context.Context, run *openRun, batch ledger.Batch, m mapped) error {
	marked := false
	for i, contact := range m.contacts {
		result, err := run.workspace.api.UpsertOne(ctx, contact, func(ctx context.Context) error {
			if marked {
				return nil
			}
			marked = true
			return a.ledger.MarkSent(ctx, run.ref, batch.Number, len(m.contacts))
		})
		if err != nil {
			return err
		}
		place := m.places[i]
		m.outcomes[place] = outcomeOf(result, m.outcomes[place].Withheld, batch.Tries)
		if result.Outcome == "" && m.outcomes[place].Outcome == "" {
			m.outcomes[place] = ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact)}
		}
	}
	return nil
}
