package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/preflight"
)

// OpenRunInput is the input of OpenRun.
type OpenRunInput struct {
	// Token is minted once per run by the workflow, so that a repeated call
	// opens no second run.
	Token string `json:"token"`
	// StartedAt orders runs: a call that a newer run has overtaken is refused.
	StartedAt time.Time   `json:"started_at"`
	Spec      config.Sync `json:"spec"`
	// Full sends every member again, whatever the ledger knows.
	Full bool `json:"full,omitempty"`
	// Recreate creates contacts again that are gone from Hello Charles.
	Recreate bool `json:"recreate,omitempty"`
	// PlanOnly says that nothing will be sent.
	PlanOnly bool `json:"plan_only,omitempty"`
	// Retire takes all marks of the sync away, without reading its audience.
	Retire bool `json:"retire,omitempty"`
	// VerifyOnly proves what earlier runs have brought: nothing is read or sent.
	VerifyOnly bool `json:"verify_only,omitempty"`
	// Audit reads the audience only to compare the segment with it.
	Audit bool `json:"audit,omitempty"`
}

// OpenRunResult is the result of OpenRun.
type OpenRunResult struct {
	Run RunRef `json:"run"`
	// AudienceName is the name that the source gives the audience.
	AudienceName string `json:"audience_name,omitempty"`
	// Window is how many batches may be under way at once: twice the requests
	// in flight, so that Temporal's round trips hide behind requests.
	Window int `json:"window"`
	// BatchSize is the number of members of a full batch.
	BatchSize int64 `json:"batch_size"`
	// Ledger and Workspace are for the memo of a run that sends: they tell runs of
	// other ledgers that this one was there.
	Ledger    string `json:"ledger,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// ReadsBack says that a sample of the run is read back at its end.
	ReadsBack bool `json:"reads_back,omitempty"`
	// Notes are why a run would be refused that sends, in one that only plans.
	Notes []string `json:"notes,omitempty"`
	// Allowed is how fast the run may send; nil of a run that an older worker opened.
	Allowed *Allowed `json:"allowed,omitempty"`
	Search
}

// Search are what a run's search attributes need besides its spec.
type Search struct {
	// Attributes says that the server knows the search attributes of a run.
	Attributes bool `json:"attributes,omitempty"`
	// WorkspaceName is what people call the workspace.
	WorkspaceName string `json:"workspace_name,omitempty"`
}

// Allowed is the request budget of a workspace, and what one request may hold.
type Allowed struct {
	RequestsPerSecond  float64 `json:"requests_per_second"`
	RequestsInFlight   int     `json:"requests_in_flight"`
	ContactsPerRequest int64   `json:"contacts_per_request"`
}

// ContactsPerSecond is how many contacts may be sent a second.
func (a *Allowed) ContactsPerSecond() float64 {
	return a.RequestsPerSecond * float64(a.ContactsPerRequest)
}

// maxWindow keeps pending activities far below the server's limit of 2,000.
const maxWindow = 200

// windowOf is how many batches may be under way when so many requests may be in flight;
// 0 for 0.
func windowOf(inFlight int) int { return min(2*inFlight, maxWindow) }

// OpenRun checks everything that can be checked before the audience is read,
// opens the run in the ledger and pins the spec. It sends nothing. An error that is not
// tried again holds the run's Search as its details.
func (a *Activities) OpenRun(ctx context.Context, in OpenRunInput) (OpenRunResult, error) {
	defer keepAlive(ctx)()
	result, err := a.openRun(ctx, in)
	err = failAsking(ctx, in.Spec.Sync, err, a.streaks.tries(ctx, err))
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok && failure.NonRetryable() {
		return result, temporal.NewNonRetryableApplicationError(failure.Message(), failure.Type(), nil, a.searchOf(ctx, in.Spec.Destination))
	}
	if err == nil {
		result.Search = a.searchOf(ctx, in.Spec.Destination)
	}
	return result, err
}

func (a *Activities) openRun(ctx context.Context, in OpenRunInput) (OpenRunResult, error) {
	look := preflight.Look
	switch {
	case in.Retire:
		in.Spec.Mode, look = config.ModeMirror, preflight.LookToRetire
	case in.VerifyOnly:
		in.PlanOnly, look = true, preflight.LookToVerify // Like a plan it leaves nothing behind.
	case in.Audit:
		in.PlanOnly, look = true, preflight.LookToAudit
	}
	found, sync, err := look(ctx, a.endpoints, in.Spec)
	if err != nil {
		return OpenRunResult{}, err
	}
	if len(found.Problems) > 0 {
		return OpenRunResult{}, &preflight.RefusedError{Problems: found.Problems}
	}
	doubts, err := a.doubts(ctx, found, sync)
	if err != nil {
		return OpenRunResult{}, err
	}
	if len(doubts) > 0 && !in.PlanOnly {
		return OpenRunResult{}, &preflight.RefusedError{Problems: doubts}
	}
	opening, err := sync.Opening()
	if err != nil {
		return OpenRunResult{}, err
	}
	opening.Token, opening.StartedAt = in.Token, in.StartedAt
	opening.Full, opening.Recreate = in.Full || in.Retire || in.Audit, in.Recreate || in.Audit
	opening.PlanOnly, opening.Audit, opening.Retire = in.PlanOnly, in.Audit, in.Retire
	if opening.Surroundings, opening.KnownBy, err = found.Surroundings.Pinned(sync.Workspace.Settings); err != nil {
		return OpenRunResult{}, err
	}
	ref, err := a.ledger.OpenRun(ctx, opening)
	if err != nil {
		return OpenRunResult{}, err
	}
	opened, err := a.ledger.Run(ctx, ref)
	if err != nil {
		return OpenRunResult{}, err
	}
	limits, err := a.endpoints.Limits(ctx, in.Spec.Destination)
	if err != nil {
		return OpenRunResult{}, err
	}
	result := OpenRunResult{
		Run:          ref,
		AudienceName: found.Audience.Name,
		Window:       windowOf(sync.Workspace.Settings.Limits.RequestsInFlight),
		BatchSize:    int64(opened.BatchSize),
		Notes:        shortList(doubts),
		Allowed:      allowed(sync.Workspace, limits, int64(opened.BatchSize)),
	}
	if !in.PlanOnly {
		result.Ledger, result.Workspace = a.ledger.ID(), opening.Workspace
		result.ReadsBack = !in.Retire && sampleSize(in.Spec, sync.Workspace.Settings) > 0
	}
	return result, nil
}

func allowed(workspace *endpoints.Workspace, limits endpoints.Limits, batchSize int64) *Allowed {
	a := &Allowed{
		RequestsPerSecond: limits.RequestsPerSecond(), RequestsInFlight: limits.RequestsInFlight(), ContactsPerRequest: batchSize,
	}
	if workspace.Settings.Send == config.SendSingle {
		a.ContactsPerRequest = 1
	}
	return a
}
