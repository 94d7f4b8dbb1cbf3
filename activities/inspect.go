package activities

import (
	"context"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/preflight"
	"audiencesync/internal/zeotap"
)

// inspect asks both vendors and the ledger what can be known about a sync
// before its audience is read.
func (a *Activities) inspect(ctx context.Context, spec config.Sync) (*preflight.Findings, *endpoints.Workspace, error) {
	run, err := a.runs.compile(ctx, RunRef{Sync: spec.Sync}, spec, preflight.Surroundings{})
	if err != nil {
		return nil, nil, err
	}
	found, err := preflight.Inspect(ctx, preflight.Input{
		Spec: spec, Settings: run.workspace.Settings, Needs: run.mapper.Needs(), API: run.workspace.API,
		Source: func() (zeotap.Source, error) { return a.endpoints.Source(spec.Source) },
		Ledger: func(ctx context.Context) error {
			opening, err := newOpening(spec, run.workspace)
			if err != nil {
				return err
			}
			return a.ledger.CheckOpening(ctx, opening)
		},
	})
	return found, run.workspace, err
}
