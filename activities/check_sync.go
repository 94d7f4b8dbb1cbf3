package activities

import (
	"context"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/preflight"
	"audiencesync/internal/temporalclient"
)

// CheckSyncInput is the input of CheckSync.
type CheckSyncInput struct {
	Spec config.Sync `json:"spec"`
}

// CheckSyncResult is the result of CheckSync.
type CheckSyncResult struct {
	// Problems keep the sync from running; empty when it may run.
	Problems []string `json:"problems"`
	// Notes are worth knowing before the first run, and how much was read of each
	// list of Hello Charles.
	Notes    []string          `json:"notes,omitempty"`
	Audience audience.Audience `json:"audience"`
	Size     *audience.Size    `json:"size,omitempty"`
	// Begun says that a run of the sync has ended, or sent something, by the ledger.
	Begun bool `json:"begun,omitempty"`
	// Batches and Seconds estimate a full first run at the limits of the
	// destination; zero when the source reports no size.
	Batches  int64   `json:"batches,omitempty"`
	Requests int64   `json:"requests,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`
}

// CheckSync does what OpenRun does, but opens nothing.
func (a *Activities) CheckSync(ctx context.Context, in CheckSyncInput) (CheckSyncResult, error) {
	defer keepAlive(ctx)()
	found, sync, err := preflight.Look(ctx, a.endpoints, in.Spec)
	if tries := a.streaks.tries(ctx, err); err != nil {
		return CheckSyncResult{}, failAsking(ctx, in.Spec.Sync, err, tries)
	}
	result := CheckSyncResult{Problems: shortList(found.Problems), Notes: slices.Concat(shortList(found.Notes), shortList(found.Lists)), Audience: found.Audience, Size: found.Size}
	beginning, err := a.ledger.Beginning(ctx, in.Spec.Sync)
	if err != nil {
		return CheckSyncResult{}, fail(ctx, in.Spec.Sync, err)
	}
	result.Begun = beginning.Closed || beginning.Sent
	doubts, err := a.doubts(ctx, found, sync)
	if err != nil {
		return CheckSyncResult{}, fail(ctx, in.Spec.Sync, err)
	}
	for _, doubt := range doubts {
		if doubt != found.Beginning { // Which is among the notes.
			result.Notes = append(result.Notes, doubt)
		}
	}
	if a.temporal != nil && !a.knowsAttributes(ctx) {
		result.Notes = append(result.Notes, temporalclient.NotRegistered)
	}
	if err := a.estimate(ctx, in.Spec.Destination, found.Size, &result); err != nil {
		return CheckSyncResult{}, fail(ctx, in.Spec.Sync, err)
	}
	return result, nil
}

// estimate says how long a first run takes at the limits that are in force.
func (a *Activities) estimate(ctx context.Context, destination string, size *audience.Size, result *CheckSyncResult) error {
	limits, err := a.endpoints.Limits(ctx, destination)
	if err != nil {
		return err
	}
	if note := limitsNote(destination, limits.Set); note != "" {
		result.Notes = append(result.Notes, note)
	}
	settings, err := a.endpoints.InForce(ctx, destination)
	if err != nil {
		return err
	}
	if size != nil {
		estimate := preflight.EstimateFor(size.Value, settings)
		result.Batches, result.Requests, result.Seconds = estimate.Batches, estimate.Requests, estimate.Time.Seconds()
		result.Notes = append(result.Notes, estimate.Notes...)
	}
	return nil
}
