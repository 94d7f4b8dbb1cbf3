package main

import (
	"context"
	"fmt"
	"time"

	"audiencesync/test/endtoend/programs"
)

// lookEvery is the time between two looks at the gate.
const lookEvery = 100 * time.Millisecond

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

// finish waits until the syncs have come to a good end.
func finish(ctx context.Context, runs []*programs.Program) error {
	for _, run := range runs {
		code, err := run.Wait(ctx)
		if err != nil {
			return err
		}
		if code != 0 {
			return fmt.Errorf("a sync ended with exit code %d:\n%s%s", code, run.Stdout(), run.Stderr())
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
