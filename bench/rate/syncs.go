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
func (s *stage) startSyncs() ([]*programs.Program, error) {
	var runs []*programs.Program
	for n := range syncs {
		run, err := s.program(fmt.Sprintf("run-%d", n), s.programs.AudienceSync,
			"run", s.file(fmt.Sprintf("sync-%d.yaml", n)), "--output", "json", "--address", s.server.Address())
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// await waits until a moment has come that yes knows, while all of them run.
func (s *stage) await(ctx context.Context, runs []*programs.Program, what string, yes func() bool) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-ticker.C:
		}
		for _, p := range s.workers {
			if ended(p) {
				return fmt.Errorf("a worker ended before %s:\n%s", what, p.Stderr())
			}
		}
		for _, p := range runs {
			if ended(p) {
				return fmt.Errorf("a sync ended before %s:\n%s%s", what, p.Stdout(), p.Stderr())
			}
		}
	}
	return nil
}

// pass waits for a time while all of them run.
func (s *stage) pass(ctx context.Context, runs []*programs.Program, d time.Duration, what string) error {
	end := time.Now().Add(d)
	return s.await(ctx, runs, what, func() bool { return !time.Now().Before(end) })
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
