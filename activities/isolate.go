package activities

import (
	"context"
	"errors"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// isUnanswered reports whether nobody knows what became of a request, and
// sending it again may well help.
func isUnanswered(err error) bool {
	if _, inside := errors.AsType[*notSentError](err); inside {
		return false
	}
	if source, ok := errors.AsType[*zeotap.Error](err); ok {
		return source.Kind == zeotap.Unavailable
	}
	vendor, ok := errors.AsType[*vendorhttp.Error](err)
	return ok && (vendor.Kind == vendorhttp.Unavailable || vendor.Kind == vendorhttp.Unreachable)
}

// isolate narrows down which contact of a batch keeps Hello Charles from
// answering: it splits the batch, and gives a contact up that is alone.
func (a *Activities) isolate(ctx context.Context, in SendBatchInput, unanswered error) (ledger.Batch, error) {
	run, err := a.runs.get(ctx, in.Run)
	if err != nil {
		return ledger.Batch{}, err
	}
	batch, err := a.ledger.Batch(ctx, in.Run, in.Batch)
	if err != nil || batch.State == ledger.BatchSettled || batch.State == ledger.BatchSplit {
		return batch, err
	}
	m := mapMembers(run, batch, batch.Members, nil)
	together := run.workspace.Settings.Send == config.SendBatch
	if together && len(m.contacts) > 1 {
		return a.split(ctx, run, batch, false)
	}
	known := len(m.outcomes)
	if len(m.places) > 0 {
		first := m.places[0]
		m.outcomes[first] = ledger.MemberOutcome{
			Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact), Message: unanswered.Error(),
		}
		if !together {
			// One by one, the first that is left is the one that was sent.
			known = first + 1
			m.outcomes[first].Sends = batch.SentWithoutAnswer()
		}
	}
	batch, err = a.ledger.Settle(ctx, run.ref, batch, m.outcomes[:known])
	if err != nil || batch.State == ledger.BatchSettled {
		return batch, err
	}
	a.streaks.end(ctx) // Of the next contact nothing is known yet.
	return a.sendBatch(ctx, in)
}
