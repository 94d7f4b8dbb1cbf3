package ledger

import (
	"context"
	"fmt"
)

// FailureReason counts the failures of a run that are listed, by why.
type FailureReason struct {
	Reason string
	// Leaver says that they are leavers whose marker could not be taken away.
	Leaver bool
	// New failures were met by this run, Known ones by an earlier one with the same
	// content.
	New, Known int64
}

// FailureReasons counts the failures that Failures lists of a run, zero for that
// of SendingRun. Reasons with a detail come one by one.
func (l *Ledger) FailureReasons(ctx context.Context, sync string, run int64) ([]FailureReason, error) {
	found, err := l.findChosen(ctx, sync, run, sendingRuns)
	if err != nil {
		return nil, err
	}
	reasons, err := l.failureReasons(ctx, found.id)
	if err != nil {
		return nil, fmt.Errorf("reasons of run %d of sync %s: %w", found.number, sync, err)
	}
	return reasons, nil
}

func (l *Ledger) failureReasons(ctx context.Context, runID int64) ([]FailureReason, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT reason, leaver, sum(1 - known), sum(known) FROM failures WHERE run_id = $1
		GROUP BY reason, leaver ORDER BY reason, leaver`, runID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var reasons []FailureReason
	for rows.Next() {
		var r FailureReason
		if err := rows.Scan(&r.Reason, &r.Leaver, &r.New, &r.Known); err != nil {
			return nil, err
		}
		reasons = append(reasons, r)
	}
	return reasons, rows.Err()
}
