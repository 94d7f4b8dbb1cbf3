package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
)

// DecideInput is the input of Decide.
type DecideInput struct {
	Run RunRef `json:"run"`
	// Expect is the number of members that a person expects; nil: nobody said.
	Expect *int64 `json:"expect,omitempty"`
}

// Plan is what a run is going to do, known before anything is sent.
type Plan struct {
	audience.Plan

	// LeaverBatches are sent first, then MemberBatches and MarkBatches.
	LeaverBatches ledger.Numbers `json:"leaver_batches"`
	MemberBatches ledger.Numbers `json:"member_batches"`
	MarkBatches   ledger.Numbers `json:"mark_batches"`
	// Digest identifies the plan: an approval is bound to it.
	Digest string `json:"digest"`
}

// Decide finds out who left, and states the plan of a run whose read is complete.
func (a *Activities) Decide(ctx context.Context, in DecideInput) (Plan, error) {
	defer keepAlive(ctx)()
	plan, err := a.decide(ctx, in)
	return plan, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) decide(ctx context.Context, in DecideInput) (Plan, error) {
	run, err := a.runs.get(ctx, in.Run)
	if err != nil {
		return Plan{}, err
	}
	pages, err := a.ledger.PageResults(ctx, in.Run, 0)
	if err != nil {
		return Plan{}, err
	}
	if pages.Unknown > 0 {
		return Plan{}, &unknownLabelsError{sync: in.Run.Sync, run: in.Run.Run, members: pages.Unknown}
	}
	removal, err := removalPrint(run.spec.Marker, a.ledger.Key())
	if err != nil {
		return Plan{}, err
	}
	stored, err := a.ledger.Run(ctx, in.Run)
	if err != nil {
		return Plan{}, err
	}
	removes, why := unmarks(run.spec, stored)
	decision, err := a.ledger.Decide(ctx, in.Run, ledger.Deciding{
		Mirror: removes, RemoveInvalid: run.spec.OnInvalid == config.InvalidRemove,
		Removal: removal, RetryAfter: run.spec.Limits.RetryFailuresAfter.D(), StagingLimit: stagingLimit(run.spec),
	})
	if err != nil {
		return Plan{}, err
	}
	settings, err := a.endpoints.InForce(ctx, run.spec.Destination)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{
		Plan:          planOf(pages, decision, settings),
		LeaverBatches: decision.LeaverBatches, MemberBatches: decision.Members, MarkBatches: decision.MarkBatches,
	}
	plan.KeepsLeavers, plan.KeepsWhy = !removes, why
	if plan.Beyond = beyond(run.spec, plan.Plan, mistyped(pages.Unfilled, run.mapper.Fields()), in.Expect); stored.Retire {
		plan.Beyond = []string{fmt.Sprintf("retiring the sync unmarks all %s contacts that it has marked, and closes it for ever", audience.Thousands(plan.Marked))}
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s/%d %+v", in.Run.Sync, in.Run.Run, plan))
	plan.Digest = hex.EncodeToString(digest[:8])
	return plan, nil
}

// unmarks reports whether a run takes the marker from those who left, and why it
// does not although its sync is a mirror.
func unmarks(spec config.Sync, run ledger.Run) (removes bool, why string) {
	switch {
	case spec.Mode != config.ModeMirror:
		return false, ""
	case run.Snapshot != nil && run.Snapshot.LeaversUnknown:
		return false, run.Snapshot.LeaversUnknownWhy
	default:
		return true, ""
	}
}

func planOf(pages ledger.PageResult, decision ledger.Decision, settings config.HelloCharles) audience.Plan {
	plan := audience.Plan{
		Read: pages.Read, Unchanged: pages.Outcomes.Unchanged, ToSend: pages.Staged, Joiners: pages.Joiners, Changes: pages.Staged - pages.Joiners,
		Invalid: pages.Outcomes.Invalid, Duplicate: pages.Outcomes.Duplicate, Suppressed: pages.Outcomes.Suppressed, Refused: pages.Outcomes.Refused,
		FirstRun: decision.FirstRun, Marked: decision.Marked, Leavers: decision.Leavers, KnownLeavers: decision.KnownLeavers, Moves: decision.Moves, MarkedAgain: decision.MarkedAgain,
		Batches: decision.LeaverBatches.Count() + decision.Members.Count() + decision.MarkBatches.Count(),
	}
	plan.Requests, plan.FurtherRequests = plan.Batches, decision.TwiceBatches
	if settings.Send == config.SendSingle {
		plan.Requests, plan.FurtherRequests = plan.ToSend+plan.MarkedAgain, decision.Twice
		if decision.LeaverBatches.Count() > 0 {
			plan.Requests += plan.Leavers - plan.KnownLeavers
		}
	}
	plan.Seconds = preflight.TimeFor(plan.Requests+plan.FurtherRequests, settings).Seconds()
	return plan
}

// removalPrint is the fingerprint of taking a marker away.
func removalPrint(marker config.Marker, key []byte) ([]byte, error) {
	content, err := json.Marshal(marker)
	if err != nil {
		return nil, fmt.Errorf("fingerprint of a removal: %w", err)
	}
	sum := sha256.Sum256(append(append([]byte("removal"), key...), content...))
	return sum[:16], nil
}

func stagingLimit(spec config.Sync) int64 { return int64(spec.Limits.StagingMegabytes) << 20 }
