package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// story is a sync, and what goes wrong with it.
type story struct {
	sync, workspace, audience, title string
	members                          int64
	seed                             uint64
	faults                           simulator.Faults
	change                           func(*config.Sync)
}

// Names of syncs that have a picture of their own.
const (
	goodSync    = "spring-campaign"
	goingSync   = "loyalty-club"
	unprovedOne = "newsletter-readers"
	waitingSync = "winback"
)

var stories = []story{
	{sync: goodSync, workspace: "acme", audience: "984", title: "Spring campaign", members: 12_000, seed: 1},
	{sync: "vip-offers", workspace: "globex", audience: "412", title: "VIP offers", members: 800, seed: 5, change: func(s *config.Sync) {
		s.Mapping.Tags = config.ConstantTags("vip-2026") // Which does not exist.
	}},
	{sync: "autumn-sale", workspace: "globex", audience: "1190", title: "Autumn sale", members: 5000, seed: 4},
	{
		sync: unprovedOne, workspace: "acme", audience: "1021", title: "Newsletter readers", members: 8000, seed: 2,
		// The segment forgets somebody, as one does whose condition was changed.
		faults: simulator.Faults{Counts: &faults.Counts{Delay: faults.Duration(time.Hour)}},
		change: func(s *config.Sync) {
			s.Verification.MaxLag, s.Verification.Poll, s.Verification.Repair = config.Duration(2*time.Second), config.Duration(time.Second), 0
		},
	},
	{
		sync: waitingSync, workspace: "globex", audience: "77", title: "Win back", members: 3000, seed: 6,
		change: func(s *config.Sync) { s.Gate.FirstRun = config.FirstExpect },
	},
	{
		sync: goingSync, workspace: "acme", audience: "1305", title: "Loyalty club", members: 120_000, seed: 3,
		faults: simulator.Faults{Rules: []faults.Rule{
			{Match: faults.Match{Side: faults.Charles, Method: http.MethodPost}, Latency: faults.Duration(1500 * time.Millisecond)},
			{
				Match: faults.Match{Side: faults.Charles, Method: http.MethodPost, From: 45, To: 45}, Do: faults.Status,
				Status: http.StatusTooManyRequests, RetryAfter: faults.Duration(3 * time.Minute),
			},
		}},
	},
}

// played are the runs that have pictures of their own.
type played struct{ running, finished, failed client.WorkflowRun }

// play plays all runs: those that end to their end, the others to where they are to be
// looked at.
func (w *world) play(ctx context.Context) (played, error) {
	var p played
	for _, s := range stories {
		run, err := w.start(ctx, s.sync)
		if err != nil {
			return p, err
		}
		switch s.sync {
		case waitingSync:
			err = w.await(ctx, s.sync, func(p workflows.Progress) bool { return p.Hold != nil })
		case goingSync:
			p.running = run
			err = w.awaitWaiting(ctx, s.sync)
		default:
			err = ended(run.Get(ctx, nil))
		}
		if err != nil {
			return p, fmt.Errorf("sync %s: %w", s.sync, err)
		}
		switch s.sync {
		case goodSync:
			p.finished = run
		case unprovedOne:
			p.failed = run
		}
	}
	return p, nil
}

// ended is nil for a run that has ended, however it did.
func ended(err error) error {
	if _, failed := errors.AsType[*temporal.WorkflowExecutionError](err); failed {
		return nil
	}
	return err
}

// await waits until a run stands as it should.
func (w *world) await(ctx context.Context, sync string, stands func(workflows.Progress) bool) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		value, err := w.client.QueryWorkflow(ctx, workflows.SyncID(sync), "", workflows.QueryProgress)
		if err == nil {
			var p workflows.Progress
			if err := value.Get(&p); err != nil {
				return err
			}
			if stands(p) {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaitWaiting waits until the run has been asked to wait.
func (w *world) awaitWaiting(ctx context.Context, sync string) error {
	return w.await(ctx, sync, func(workflows.Progress) bool {
		pending, err := temporalclient.Pending(ctx, w.client, workflows.SyncID(sync), "")
		return err == nil && temporalclient.WaitingFor(pending) != nil
	})
}
