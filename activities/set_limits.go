package activities

import (
	"context"
	"time"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
)

// SetLimitsInput is the input of SetLimits: what to change of the limits of a workspace.
type SetLimitsInput struct {
	// Connection is the name of a connection to the workspace, or that of the workspace.
	Connection string `json:"connection"`
	// Clear gives up what was set before.
	Clear bool `json:"clear,omitempty"`
	// RequestsPerSecond and RequestsInFlight, of each worker, are nil where nothing
	// changes.
	RequestsPerSecond *float64 `json:"requests_per_second,omitempty"`
	RequestsInFlight  *int     `json:"requests_in_flight,omitempty"`
	By                string   `json:"by"`
	Why               string   `json:"why,omitempty"`
}

// Changes reports whether anything is to change.
func (in SetLimitsInput) Changes() bool {
	return in.Clear || in.RequestsPerSecond != nil || in.RequestsInFlight != nil
}

// Check refuses limits that cannot be set.
func (in SetLimitsInput) Check() error {
	if err := CheckSaid(in.By, in.Why); err != nil {
		return err
	}
	if in.RequestsPerSecond != nil {
		if err := config.CheckRequestsPerSecond(*in.RequestsPerSecond); err != nil {
			return err
		}
	}
	if in.RequestsInFlight != nil {
		return config.CheckRequestsInFlight(*in.RequestsInFlight)
	}
	return nil
}

// LimitsInForce are the limits of a workspace, as they are now.
type LimitsInForce struct {
	Workspace   string   `json:"workspace"`
	Connections []string `json:"connections"`
	RateAndFlight
	// File is what the connections file says, the strictest of the connections.
	File RateAndFlight `json:"file"`
	// Set is what a person has set, and wins; zero where nothing is set.
	Set RateAndFlight `json:"set"`
	// ChangedAt, ChangedBy and Why are about the last change; empty without one.
	ChangedAt time.Time `json:"changed_at,omitzero"`
	ChangedBy string    `json:"changed_by,omitempty"`
	Why       string    `json:"why,omitempty"`
	// RateNow is what refusals have left of the rate.
	RateNow float64 `json:"rate_now"`
	// ToldSeconds is how long Hello Charles has still asked to be left alone.
	ToldSeconds float64 `json:"told_seconds"`
}

// RateAndFlight are the two limits.
type RateAndFlight struct {
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"`
	// RequestsInFlight are those of one worker.
	RequestsInFlight int `json:"requests_in_flight,omitempty"`
}

// SetLimits changes the limits of a workspace for all workers, if anything is to change,
// and returns those that are in force. They count from the next request on.
func (a *Activities) SetLimits(ctx context.Context, in SetLimitsInput) (LimitsInForce, error) {
	defer keepAlive(ctx)()
	limits, err := a.setLimits(ctx, in)
	return limits, fail(ctx, "", err)
}

func (a *Activities) setLimits(ctx context.Context, in SetLimitsInput) (LimitsInForce, error) {
	if err := in.Check(); err != nil {
		return LimitsInForce{}, preflight.Refused(err)
	}
	var limits endpoints.Limits
	var err error
	if in.Changes() {
		limits, err = a.endpoints.ChangeLimits(ctx, in.Connection, ledger.LimitChange{
			Clear: in.Clear, RequestsPerSecond: in.RequestsPerSecond, RequestsInFlight: in.RequestsInFlight, By: in.By, Why: in.Why,
		})
	} else {
		limits, err = a.endpoints.Limits(ctx, in.Connection)
	}
	if err != nil {
		return LimitsInForce{}, err
	}
	shown := LimitsInForce{
		Workspace: limits.Workspace, Connections: limits.Connections,
		RateAndFlight: RateAndFlight{limits.RequestsPerSecond(), limits.RequestsInFlight()},
		File:          RateAndFlight{limits.File.RequestsPerSecond, limits.File.RequestsInFlight},
		ChangedAt:     limits.Set.At, ChangedBy: limits.Set.By, Why: limits.Set.Why,
	}
	if limits.Set.RequestsPerSecond != nil {
		shown.Set.RequestsPerSecond = *limits.Set.RequestsPerSecond
	}
	if limits.Set.RequestsInFlight != nil {
		shown.Set.RequestsInFlight = *limits.Set.RequestsInFlight
	}
	if err := a.ledger.EnsureWorkspace(ctx, limits.Workspace); err != nil {
		return shown, err
	}
	budget, err := a.ledger.Budget(ctx, limits.Workspace)
	if err != nil {
		return shown, err
	}
	shown.RateNow, shown.ToldSeconds = limits.RequestsPerSecond()*budget.Share, budget.ToldUntil.Seconds()
	return shown, nil
}
