package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/test/endtoend/programs"
)

// sampleEvery is the time between two looks at the worker's memory.
const sampleEvery = time.Second

// sayEvery is the number of samples between two lines of progress.
const sayEvery = 10

// endedSync is a sync that came to a good end.
type endedSync struct {
	report audience.Report
	wall   time.Duration
	memory memory
}

// sync runs the sync by the command line and watches the worker's memory.
func (p *play) sync(ctx context.Context) (endedSync, error) {
	began := time.Now()
	run, err := p.Program("run", p.Programs.AudienceSync, "run", p.File("sync.yaml"), "--output", "json", "--address", p.Server.Address())
	if err != nil {
		return endedSync{}, err
	}
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for samples := 1; ; samples++ {
		select {
		case <-ctx.Done():
			return endedSync{}, ctx.Err()
		case <-p.worker.Ended():
			return endedSync{}, fmt.Errorf("the worker ended:\n%s", p.worker.Stderr())
		case <-run.Ended():
			return p.ended(ctx, run, time.Since(began))
		case <-ticker.C:
			if samples%sayEvery == 0 {
				now, err := memoryOf(p.worker.PID())
				if err != nil {
					return endedSync{}, err
				}
				p.Say("%4ds  worker %d MiB, peak %d MiB  %s", samples, now.resident>>20, now.peak>>20, lastLine(run.Stderr()))
			}
		}
	}
}

// ended reads what the sync left.
func (p *play) ended(ctx context.Context, run *programs.Program, wall time.Duration) (endedSync, error) {
	code, err := run.Wait(ctx)
	if err != nil {
		return endedSync{}, err
	}
	if code != 0 {
		return endedSync{}, fmt.Errorf("the sync ended with exit code %d:\n%s%s", code, run.Stdout(), run.Stderr())
	}
	ended := endedSync{wall: wall}
	if err := json.Unmarshal([]byte(run.Stdout()), &ended.report); err != nil {
		return endedSync{}, fmt.Errorf("reading the report: %w", err)
	}
	ended.memory, err = memoryOf(p.worker.PID())
	return ended, err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
