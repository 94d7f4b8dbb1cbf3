package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// RunState is how far a run has come.
type RunState string

// The states of a run.
const (
	RunOpen RunState = "open"
	// RunClosed: it has a report.
	RunClosed RunState = "closed"
	// RunDead: a newer run has taken over before it had a report.
	RunDead RunState = "dead"
)

// RunRecord is one run of a sync.
type RunRecord struct {
	Number   int64
	State    RunState
	PlanOnly bool
	OpenedAt time.Time
	// Report is nil unless the run is closed.
	Report *audience.Report
}

const runColumns = `number, state, plan_only, opened_at, report`

func scanRun(row interface{ Scan(into ...any) error }, more ...any) (RunRecord, error) {
	var run RunRecord
	var opened sql.NullInt64
	var report sql.NullString
	if err := row.Scan(append([]any{&run.Number, &run.State, &run.PlanOnly, &opened, &report}, more...)...); err != nil {
		return RunRecord{}, err
	}
	run.OpenedAt = fromMicros(opened)
	if !report.Valid {
		return run, nil
	}
	run.Report = new(audience.Report)
	if err := json.Unmarshal([]byte(report.String), run.Report); err != nil {
		return RunRecord{}, fmt.Errorf("report of run %d: %w", run.Number, err)
	}
	return run, nil
}

// Runs returns the newest runs of a sync up to one, newest first, at most limit; upTo
// zero is the newest.
func (l *Ledger) Runs(ctx context.Context, sync string, upTo int64, limit int) ([]RunRecord, error) {
	last, err := l.findRun(ctx, sync, upTo)
	if err != nil {
		return nil, err
	}
	runs, err := l.runs(ctx, last, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: runs of sync %s: %w", sync, err)
	}
	return runs, nil
}

func (l *Ledger) runs(ctx context.Context, last foundRun, limit int) ([]RunRecord, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT `+runColumns+` FROM runs WHERE sync_id = $1 AND number <= $2 ORDER BY number DESC LIMIT $3`, last.syncID, last.number, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var runs []RunRecord
	for rows.Next() {
		run, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, rows.Err()
}

// Reported returns a run that has a report, and how its sending went, nil if nothing
// was sent. Zero is the newest one that is no plan. What has no report is
// ErrNotFound, with what to do about it.
func (l *Ledger) Reported(ctx context.Context, sync string, number int64) (RunRecord, *audience.Course, error) {
	found, err := l.findRun(ctx, sync, number)
	if err != nil {
		return RunRecord{}, nil, err
	}
	if number == 0 {
		if found.number, err = l.newest(ctx, found.syncID, sendingRuns+` AND state = 'closed'`); err != nil {
			return RunRecord{}, nil, fmt.Errorf("ledger: runs of sync %s: %w", sync, err)
		}
		if found.number == 0 {
			return RunRecord{}, nil, notFound("sync %s has no run that has ended yet (plans have their number: audiencesync history %s)", sync, sync)
		}
	}
	var stored sql.NullString
	run, err := scanRun(l.reads.QueryRowContext(ctx, `SELECT `+runColumns+`, course FROM runs WHERE sync_id = $1 AND number = $2`, found.syncID, found.number), &stored)
	if err != nil {
		return RunRecord{}, nil, fmt.Errorf("ledger: run %d of sync %s: %w", found.number, sync, err)
	}
	switch run.State {
	case RunOpen:
		return RunRecord{}, nil, fmt.Errorf("run %d of sync %s is going and has no report yet (audiencesync status %s): %w", run.Number, sync, sync, ErrNotFound)
	case RunDead:
		return RunRecord{}, nil, fmt.Errorf("run %d of sync %s was ended from outside and has no report; the run after it took over: %w", run.Number, sync, ErrNotFound)
	case RunClosed:
	}
	var course *audience.Course
	if stored.Valid {
		if err := json.Unmarshal([]byte(stored.String), &course); err != nil {
			return RunRecord{}, nil, fmt.Errorf("course of run %d of sync %s: %w", run.Number, sync, err)
		}
	}
	return run, course, nil
}
