package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"audiencesync/test/endtoend/programs"
	"audiencesync/workflows"
)

const (
	// lookEvery is the time between two looks at the gate.
	lookEvery = 100 * time.Millisecond
	// endWithin bounds the end of the syncs: their requests in flight.
	endWithin = 2 * time.Minute
)

// startSyncs starts all syncs by the command line.
func (p *play) startSyncs() ([]*programs.Program, error) {
	var runs []*programs.Program
	for n := range syncs {
		run, err := p.Program(fmt.Sprintf("run-%d", n), p.Programs.AudienceSync,
			"run", p.File(fmt.Sprintf("sync-%d.yaml", n)), "--output", "json", "--address", p.Server.Address())
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// await waits until a moment has come that yes knows, while all of them run.
func (p *play) await(ctx context.Context, runs []*programs.Program, what string, yes func() bool) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-ticker.C:
		}
		for _, worker := range p.workers {
			if ended(worker) {
				return fmt.Errorf("a worker ended before %s:\n%s", what, worker.Stderr())
			}
		}
		for _, run := range runs {
			if ended(run) {
				return fmt.Errorf("a sync ended before %s:\n%s%s", what, run.Stdout(), run.Stderr())
			}
		}
	}
	return nil
}

// pass waits for a time while all of them run.
func (p *play) pass(ctx context.Context, runs []*programs.Program, d time.Duration, what string) error {
	end := time.Now().Add(d)
	return p.await(ctx, runs, what, func() bool { return !time.Now().Before(end) })
}

// warmUp waits until all of them are sending, and have sent some requests.
func (p *play) warmUp(ctx context.Context, runs []*programs.Program) error {
	sending := func() bool {
		return !slices.ContainsFunc(runs, func(run *programs.Program) bool { return !strings.Contains(run.Stderr(), "send: ") })
	}
	if err := p.await(ctx, runs, "all syncs were sending", sending); err != nil {
		return err
	}
	end := time.Now().Add(warmUpWithin)
	return p.await(ctx, runs, "all syncs had sent some requests", func() bool { return p.gate.warm() || !time.Now().Before(end) })
}

// exitCancelled is the exit code of a sync that was cancelled.
const exitCancelled = 7

// cancel ends the runs, of which none may have come to another end.
func (p *play) cancel(ctx context.Context, runs []*programs.Program) error {
	ctx, stop := context.WithTimeout(ctx, endWithin)
	defer stop()
	c, err := client.DialContext(ctx, client.Options{HostPort: p.Server.Address()})
	if err != nil {
		return fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer c.Close()
	for n := range runs {
		if err := c.CancelWorkflow(ctx, workflows.SyncID(nameOf(n)), ""); err != nil {
			return fmt.Errorf("cancelling sync %s: %w", nameOf(n), err)
		}
	}
	for n, run := range runs {
		code, err := run.Wait(ctx)
		if err != nil {
			return err
		}
		if code != exitCancelled {
			return fmt.Errorf("sync %s ended with exit code %d, and not because it was cancelled:\n%s%s", nameOf(n), code, run.Stdout(), run.Stderr())
		}
	}
	return nil
}

func ended(p *programs.Program) bool {
	select {
	case <-p.Ended():
		return true
	default:
		return false
	}
}
