package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/test/endtoend/programs"
)

// lookEvery is the time between two looks at a run that is going.
const lookEvery = 10 * time.Second

// Ended is a run of a sync that came to a good end.
type Ended struct {
	Report audience.Report
	Wall   time.Duration
}

// Look is called now and then while a run goes, with the last line that it said.
type Look func(after time.Duration, said string) error

// Run runs the sync of a file in the stage's folder by the command line.
func (s *Stage) Run(ctx context.Context, worker *programs.Program, sync string, look Look, flags ...string) (Ended, error) {
	began := time.Now()
	arguments := append([]string{"run", s.File(sync), "--output", "json", "--address", s.Temporal()}, flags...)
	s.runs++
	run, err := s.Program(fmt.Sprintf("run-%d", s.runs), s.Programs.AudienceSync, arguments...)
	if err != nil {
		return Ended{}, err
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return Ended{}, ctx.Err()
		case <-worker.Ended():
			return Ended{}, fmt.Errorf("the worker ended:\n%s", worker.Stderr())
		case <-run.Ended():
			return ended(ctx, run, time.Since(began))
		case <-ticker.C:
			if err := look(time.Since(began).Round(time.Second), lastLine(run.Stderr())); err != nil {
				return Ended{}, err
			}
		}
	}
}

// ended reads what the run left.
func ended(ctx context.Context, run *programs.Program, wall time.Duration) (Ended, error) {
	code, err := run.Wait(ctx)
	if err != nil {
		return Ended{}, err
	}
	if code != 0 {
		return Ended{}, fmt.Errorf("the run ended with exit code %d:\n%s%s", code, run.Stdout(), run.Stderr())
	}
	e := Ended{Wall: wall}
	if err := json.Unmarshal([]byte(run.Stdout()), &e.Report); err != nil {
		return Ended{}, fmt.Errorf("reading the report: %w", err)
	}
	return e, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
