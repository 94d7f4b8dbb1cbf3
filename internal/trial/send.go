package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/readback"
	"audiencesync/internal/vendorhttp"
)

// Sent is what became of one candidate. It is contact data.
type Sent struct {
	Candidate
	// Outcome is created, updated, accepted, refused or unresolved.
	Outcome audience.Outcome
	// Transient marks a refusal that a run would send again.
	Transient bool
	// Code and Message are Hello Charles' own words.
	Code, Message string
	// Why says why nobody knows what became of an unresolved one.
	Why string
	// Protected says that it was sent without phone and email, because Hello Charles
	// is known to hold the contact, or to have held it: had it been erased there, a
	// request that names them would create it again.
	Protected bool
	// Held is what reading back found.
	Held readback.Comparison
}

// Good reports whether Hello Charles took the contact and nothing speaks against
// its holding what was sent.
func (s Sent) Good() bool {
	return s.Outcome.Took() && (s.Held.State == readback.Same || s.Held.State == readback.NotCompared)
}

// Send sends each candidate in a request of its own, so that every answer is
// about one contact. Before a request leaves, the ledger knows that its contact
// may be in Hello Charles. An error ends the trial; what was sent before is
// returned with it.
func (t *Trial) Send(ctx context.Context, candidates []Candidate) ([]Sent, error) {
	if marker := t.Sync.Spec.Marker; marker.Shared {
		return nil, preflight.Refused(fmt.Errorf(
			"sync %s: custom property %q is shared by several syncs, which write it in turns; a trial has no turn: try with a property of its own, or run the sync",
			t.Sync.Spec.Sync, marker.Property))
	}
	opening, err := t.Sync.Opening()
	if err != nil {
		return nil, err
	}
	all := make([]Sent, 0, len(candidates))
	for _, candidate := range candidates {
		sent, err := t.send(ctx, opening, candidate)
		if sent.Outcome != "" {
			all = append(all, sent)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// send sends one contact. An empty outcome says that nothing is known to have
// left, or that the answer was not about the contact; then there is an error.
func (t *Trial) send(ctx context.Context, opening ledger.Opening, candidate Candidate) (Sent, error) {
	book, left := t.options.Pool.Ledger, false
	contact, protected, err := t.protected(ctx, opening, candidate)
	if err != nil {
		return Sent{Candidate: candidate}, err
	}
	candidate.Contact = contact
	sent := Sent{Candidate: candidate, Protected: protected}
	members := []ledger.ReadMember{candidate.Member}
	var result hellocharles.Result
	err = t.patiently(ctx, readback.TooSoon, func() (err error) {
		result, err = t.upsert(ctx, candidate.Contact, func(ctx context.Context) error {
			if err := book.BeginTrial(ctx, opening, members); err != nil {
				return err
			}
			left = true
			return nil
		})
		return err
	})
	vendor, told := errors.AsType[*vendorhttp.Error](err)
	switch {
	case err != nil && ctx.Err() != nil && left:
		sent.Outcome, sent.Why = audience.Unresolved, "interrupted before an answer came"
		return sent, ctx.Err()
	case told && isUnanswered(vendor):
		sent.Outcome, sent.Why = audience.Unresolved, vendor.Error()
		return sent, nil
	case told && isRefusal(vendor):
		sent.Outcome, sent.Code = audience.Refused, string(vendor.Kind)
		return sent, nil
	case err != nil:
		return sent, err
	}
	sent.Outcome, sent.Code, sent.Message, sent.Transient = result.Outcome, result.Code, result.Message, result.Transient
	switch {
	case sent.Outcome == "":
		sent.Outcome, sent.Why = audience.Unresolved, audience.NoAnswerForContact.Explain()
	case sent.Outcome.Took() && protected:
		// Not all of the member was sent: the next run sends it.
	case sent.Outcome.Took():
		// Also if this is interrupted now: it is known that it was taken.
		return sent, book.EndTrial(context.WithoutCancel(ctx), opening.Sync, members)
	}
	return sent, nil
}

// Render returns the request that Send would send for a candidate, and whether it goes
// without phone and email. Nothing is sent.
func (t *Trial) Render(ctx context.Context, candidate Candidate) (request hellocharles.Rendered, protected bool, err error) {
	opening, err := t.Sync.Opening()
	if err != nil {
		return hellocharles.Rendered{}, false, err
	}
	contact, protected, err := t.protected(ctx, opening, candidate)
	if err != nil {
		return hellocharles.Rendered{}, false, err
	}
	request, err = t.Sync.Workspace.API.Render(ctx, contact)
	return request, protected, err
}

// protected returns what is sent for a candidate: without phone and email where a
// request that names them could bring back what was erased.
func (t *Trial) protected(ctx context.Context, opening ledger.Opening, candidate Candidate) (contact audience.Contact, protected bool, err error) {
	contact = candidate.Contact
	if !opening.Keeps || contact.Phone == "" && contact.Email == "" {
		return contact, false, nil
	}
	history, err := t.options.Pool.Ledger.Outcomes(ctx, opening.Sync, contact.Reference)
	if errors.Is(err, ledger.ErrNotFound) {
		return contact, false, nil
	}
	if err != nil || !history.Held && !history.Gone {
		return contact, false, err
	}
	contact.Phone, contact.Email = "", ""
	return contact, true, nil
}

// isUnanswered tells a request of which nobody knows what became.
func isUnanswered(err *vendorhttp.Error) bool {
	return err.Kind == vendorhttp.Unavailable || err.Kind == vendorhttp.Unreadable
}

// isRefusal tells a refusal that can only be about the one contact of the
// request: it is too large, or a success says that some were refused.
func isRefusal(err *vendorhttp.Error) bool {
	return err.Kind == vendorhttp.TooLarge || err.Kind == vendorhttp.Rejected && err.Status < http.StatusMultipleChoices
}

func (t *Trial) upsert(ctx context.Context, contact audience.Contact, before func(context.Context) error) (hellocharles.Result, error) {
	api := t.Sync.Workspace.API
	if t.Sync.Workspace.Settings.Send != config.SendBatch {
		return api.UpsertOne(ctx, contact, before)
	}
	results, err := api.Upsert(ctx, []audience.Contact{contact}, before)
	if err != nil {
		return hellocharles.Result{}, err
	}
	return results[0], nil
}
