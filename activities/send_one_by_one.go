package activities

import (
	"context"
	"errors"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// settleEvery is how many contacts are sent one by one before their outcomes
// are stored: what a crash repeats at the most.
const settleEvery = 10

// sendOneByOne sends the members of a batch by the documented call, one
// contact a request, and stores the outcomes chunk by chunk.
func (a *Activities) sendOneByOne(ctx context.Context, run *openRun, batch ledger.Batch, turn *ledger.Turn) (ledger.Batch, error) {
	for len(batch.Members) > 0 {
		if workerStops(ctx) {
			return ledger.Batch{}, errWorkerStopping
		}
		size := min(settleEvery, len(batch.Members))
		m := mapMembers(run, batch, batch.Members[:size], turn)
		known, failed := a.sendChunk(ctx, run, batch, turn, m)
		if known > 0 {
			// Also when the chunk ends early: what was answered is never sent again.
			settled, err := a.settle(ctx, run, batch, m.outcomes[:known])
			if err != nil {
				return ledger.Batch{}, errors.Join(failed, err)
			}
			batch = settled
			a.streaks.end(ctx)
		}
		if failed != nil {
			return ledger.Batch{}, failed
		}
	}
	return batch, nil
}

// sendChunk sends the contacts of a chunk and returns how many of its members,
// from the first on, have their outcome.
func (a *Activities) sendChunk(ctx context.Context, run *openRun, batch ledger.Batch, turn *ledger.Turn, m mapped) (known int, err error) {
	earlier := batch.SentWithoutAnswer()
	for i, contact := range m.contacts {
		left := false
		result, err := run.workspace.API.UpsertOne(ctx, contact, func(ctx context.Context) error {
			// Each time, because it also asks whether this run is still the newest.
			err := a.ledger.MarkSentInTurn(ctx, run.ref, batch.Number, 1, turn)
			left = err == nil
			return err
		})
		if err != nil && !left {
			err = &notSentError{err}
		}
		if err != nil {
			return m.places[i], err
		}
		place := m.places[i]
		m.outcomes[place] = outcomeOf(result, batch, batch.Members[place], m.outcomes[place].Withheld)
		if result.Outcome == "" && m.outcomes[place].Outcome == "" {
			m.outcomes[place] = ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact), Message: result.Message}
		}
		m.outcomes[place].Sends = 1 + earlier
		earlier = 0
	}
	return len(m.outcomes), nil
}
