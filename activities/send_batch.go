package activities

import (
	"context"
	"errors"
	"net/http"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/mapping"
	"audiencesync/internal/vendorhttp"
)

// SendBatchInput is the input of SendBatch.
type SendBatchInput struct {
	Run   RunRef `json:"run"`
	Batch int64  `json:"batch"`
	// Mode says what to do when no answer comes, again and again.
	Mode SendMode `json:"mode,omitempty"`
	// Alone says that no other batch is under way whose result this one's could
	// be handed in with.
	Alone bool `json:"alone,omitempty"`
}

// SendMode says what becomes of a batch that Hello Charles does not answer for
// (connection lost, 5xx): it may be an outage, or one contact of the batch that
// the API cannot bear.
type SendMode string

// The ways to send a batch.
const (
	// SendAndPostpone tries some times, then lets other batches go first.
	SendAndPostpone SendMode = ""
	// SendSuspect is for a batch that was postponed while others were answered
	// for: it is not an outage. After few tries it is split, and a contact that is
	// alone is unresolved.
	SendSuspect SendMode = "suspect"
	// SendInHalves splits a batch that was postponed while no other was left to
	// be answered for, without sending it: its halves tell about each other. A
	// contact that is alone is sent as in SendAndPostpone.
	SendInHalves SendMode = "halves"
	// SendPatiently tries for long before others go first: nothing is answered for.
	SendPatiently SendMode = "patient"
)

// How often a batch is sent without an answer before it is postponed, in an
// outage (a quarter of an hour), and before one that is suspect is split.
const (
	triesBeforePostponing = 8
	triesInOutage         = 20
	triesOfSuspect        = 3
)

// SendBatchResult is the result of SendBatch.
type SendBatchResult struct {
	Outcomes map[audience.Outcome]int64 `json:"outcomes,omitempty"`
	// Leavers are the outcomes of a batch of leavers.
	Leavers map[audience.Outcome]int64 `json:"leavers,omitempty"`
	// MarkedAgain are members of a batch of marks that have their marker now.
	MarkedAgain int64 `json:"marked_again,omitempty"`
	// RefusedAgain of the refused were refused by an earlier run already.
	RefusedAgain int64 `json:"refused_again,omitempty"`
	// Next are batches that members of this one moved to, to be sent first.
	Next []int64 `json:"next,omitempty"`
	// Split says that all members moved, because the request was refused as a
	// whole, was too large, or was never answered.
	Split bool `json:"split,omitempty"`
	// Postponed says that no answer came: other batches may go first.
	Postponed bool `json:"postponed,omitempty"`
	// Window is how many batches may be under way from now on, where a person has set
	// the number of requests in flight; else as many as when the run was opened.
	Window int `json:"window,omitempty"`
	// RequestsPerSecond is the rate that is allowed from now on; 0 if it is not known.
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"`
}

// SendBatch maps and upserts one batch. A batch that is settled already
// returns its counts, so a repeated call sends nothing twice that is known to
// have arrived; what may have left without an answer is sent again.
func (a *Activities) SendBatch(ctx context.Context, in SendBatchInput) (SendBatchResult, error) {
	defer keepAlive(ctx)()
	batch, err := a.sendBatch(ctx, in)
	tries := a.streaks.tries(ctx, err)
	if isUnanswered(err) && ctx.Err() == nil {
		switch {
		case in.Mode == SendSuspect:
			if tries >= triesOfSuspect {
				batch, err = a.isolate(ctx, in, err)
			}
		case tries >= triesInOutage, in.Mode != SendPatiently && tries >= triesBeforePostponing:
			postponed := SendBatchResult{Postponed: true}
			a.tellLimits(ctx, in.Run, &postponed)
			return postponed, nil
		}
	}
	if err != nil {
		return SendBatchResult{}, failAfter(ctx, in.Run.Sync, err, tries)
	}
	// Not the batch itself waits: its members are memory.
	result := SendBatchResult{
		Outcomes: counts(batch.Result.Outcomes), Leavers: leaverCounts(batch.Result.Leavers), MarkedAgain: batch.Result.MarkedAgain,
		RefusedAgain: batch.Result.RefusedAgain,
		Next:         batch.Next, Split: batch.State == ledger.BatchSplit,
	}
	a.tellLimits(ctx, in.Run, &result)
	if !in.Alone {
		a.awaitHandIn(ctx, time.Now())
	}
	return result, nil
}

// handInEvery is the time between two moments at which results are handed in,
// unless another one is set.
const handInEvery = 300 * time.Millisecond

// awaitHandIn waits for the next such moment, by the wall clock, so that batches
// that end at about the same time reach the workflow together: each of its tasks
// is three events of history, however many results it finds.
func (a *Activities) awaitHandIn(ctx context.Context, now time.Time) {
	timer := time.NewTimer(now.Truncate(a.handIn).Add(a.handIn).Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // The batch is settled, whatever comes in between.
	}
}

// tellLimits adds to a result what the limits are now, which a person may have set since
// the run was opened. If they cannot be had, the next batch tells.
func (a *Activities) tellLimits(ctx context.Context, ref RunRef, result *SendBatchResult) {
	run, err := a.runs.get(ctx, ref)
	if err != nil {
		return
	}
	limits, err := a.endpoints.Limits(ctx, run.workspace.Settings.Workspace())
	if err != nil {
		return
	}
	result.RequestsPerSecond = limits.RequestsPerSecond()
	if limits.Set.RequestsInFlight != nil {
		result.Window = windowOf(*limits.Set.RequestsInFlight)
	}
}

func (a *Activities) sendBatch(ctx context.Context, in SendBatchInput) (ledger.Batch, error) {
	run, err := a.runs.get(ctx, in.Run)
	if err != nil {
		return ledger.Batch{}, err
	}
	batch, err := a.ledger.Batch(ctx, in.Run, in.Batch)
	if err != nil {
		return ledger.Batch{}, err
	}
	if batch.State == ledger.BatchSettled || batch.State == ledger.BatchSplit {
		return batch, nil
	}
	if in.Mode == SendInHalves && len(batch.Members) > 1 {
		return a.split(ctx, run, batch, false)
	}
	turn, err := a.takeTurn(ctx, run, batch)
	if err != nil {
		return ledger.Batch{}, &notSentError{err}
	}
	if run.workspace.Settings.Send == config.SendBatch {
		return a.sendTogether(ctx, run, batch, turn)
	}
	return a.sendOneByOne(ctx, run, batch, turn)
}

// mapped is a batch after mapping: outcomes of the members that cannot be
// sent, and the contacts of the others with their places.
type mapped struct {
	outcomes []ledger.MemberOutcome
	contacts []audience.Contact
	places   []int
}

func mapMembers(run *openRun, batch ledger.Batch, members []ledger.Staged, turn *ledger.Turn) mapped {
	m := mapped{outcomes: make([]ledger.MemberOutcome, len(members))}
	for i, member := range members {
		contact, withheld, rejection := contactOf(run, batch, member)
		if rejection != nil {
			m.outcomes[i] = ledger.MemberOutcome{Outcome: audience.Invalid, Reason: string(rejection.Reason), Field: rejection.Field}
			continue
		}
		if turn != nil {
			setSharedMark(run, batch, turn, member, &contact)
		}
		m.outcomes[i].Withheld = withheld
		m.contacts = append(m.contacts, contact)
		m.places = append(m.places, i)
	}
	return m
}

// contactOf is what is sent for one member or leaver. A contact that Hello Charles
// holds is sent without phone and email: should it have been erased there, such a
// request cannot create it again.
func contactOf(run *openRun, batch ledger.Batch, member ledger.Staged) (audience.Contact, []audience.Withheld, *mapping.Rejection) {
	switch batch.Kind {
	case ledger.BatchLeavers:
		return run.mapper.Unmark(member.Reference), nil, nil
	case ledger.BatchMarks:
		return run.mapper.Mark(member.Reference), nil, nil
	case ledger.BatchMembers:
	}
	contact, withheld, rejection := run.mapper.Contact(member.Mapped, member.Reference)
	if member.Held != ledger.HeldUnknown && !batch.Whole {
		contact.Phone, contact.Email = "", ""
	}
	return contact, withheld, rejection
}

// sendTogether sends the batch in one request.
func (a *Activities) sendTogether(ctx context.Context, run *openRun, batch ledger.Batch, turn *ledger.Turn) (ledger.Batch, error) {
	m := mapMembers(run, batch, batch.Members, turn)
	if len(m.contacts) == 0 {
		return a.ledger.Settle(ctx, run.ref, batch, m.outcomes)
	}
	limit, err := a.ledger.BatchLimit(ctx, run.workspace.Settings.Workspace())
	if err != nil {
		return ledger.Batch{}, err
	}
	if limit > 0 && len(m.contacts) > limit {
		return a.split(ctx, run, batch, false)
	}
	left := false
	results, err := run.workspace.API.Upsert(ctx, m.contacts, func(ctx context.Context) error {
		err := a.ledger.MarkSentInTurn(ctx, run.ref, batch.Number, 1, turn)
		left = err == nil
		return err
	})
	var vendor *vendorhttp.Error
	switch about := errors.As(err, &vendor) && isAboutContacts(vendor); {
	case about && left:
		return a.refusedAsAWhole(ctx, run, batch, m, vendor)
	case about && vendor.Kind == vendorhttp.TooLarge && len(m.contacts) > 1:
		// The setting is smaller than when the batch was staged.
		return a.split(ctx, run, batch, false)
	case err != nil && !left:
		return ledger.Batch{}, &notSentError{err}
	case err != nil:
		return ledger.Batch{}, err
	}
	for i, place := range m.places {
		m.outcomes[place] = outcomeOf(results[i], batch, batch.Members[place], m.outcomes[place].Withheld)
	}
	return a.settle(ctx, run, batch, m.outcomes)
}

// notSentError is what kept a request for contacts from leaving: it says nothing
// about those contacts.
type notSentError struct{ error }

// Unwrap returns the reason.
func (e *notSentError) Unwrap() error { return e.error }

// isAboutContacts tells a refusal that a part of the batch may escape from one
// that every request would get.
func isAboutContacts(err *vendorhttp.Error) bool {
	switch err.Kind {
	case vendorhttp.TooLarge:
		return true
	case vendorhttp.Rejected:
		switch err.Status {
		case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
			return true
		}
		// A 2xx that says that some contacts were refused, without naming them.
		return err.Status < 300
	}
	return false
}

// refusedAsAWhole splits the batch, or, when only one contact was sent, knows
// whom the refusal is about.
func (a *Activities) refusedAsAWhole(ctx context.Context, run *openRun, batch ledger.Batch, m mapped, refused *vendorhttp.Error) (ledger.Batch, error) {
	if refused.Kind == vendorhttp.TooLarge {
		if err := a.ledger.LimitBatch(ctx, run.workspace.Settings.Workspace(), len(m.contacts)); err != nil {
			return ledger.Batch{}, err
		}
	}
	if len(m.contacts) > 1 {
		return a.split(ctx, run, batch, true)
	}
	m.outcomes[m.places[0]] = ledger.MemberOutcome{Outcome: audience.Refused, Reason: refusalReason(string(refused.Kind)), Permanent: true}
	return a.ledger.Settle(ctx, run.ref, batch, m.outcomes)
}

// split moves the members of a batch into two of half its size. refused says
// that its newest request was refused as a whole.
func (a *Activities) split(ctx context.Context, run *openRun, batch ledger.Batch, refused bool) (ledger.Batch, error) {
	next, err := a.ledger.Split(ctx, run.ref, batch.Number, refused)
	return ledger.Batch{Number: batch.Number, State: ledger.BatchSplit, Next: next}, err
}
