package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// reportsSince returns the reports of runs, but not of plans, that were closed since.
func reportsSince(ctx context.Context, from rowsQueryer, sync string, since time.Time) ([]audience.Report, error) {
	rows, err := from.QueryContext(ctx, `
		SELECT report FROM runs JOIN syncs ON syncs.id = sync_id
		WHERE syncs.name = $1 AND state = 'closed' AND plan_only = 0 AND closed_at >= $2 ORDER BY closed_at, runs.id`, sync, micros(since))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var reports []audience.Report
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		var report audience.Report
		if err := json.Unmarshal([]byte(text.String), &report); err != nil {
			return nil, fmt.Errorf("stored report: %w", err)
		}
		reports = append(reports, report)
	}
	return reports, rows.Err()
}

// Report returns the report of a run by its number, nil if it has none.
func (l *Ledger) Report(ctx context.Context, sync string, run int64) (*audience.Report, error) {
	var text sql.NullString
	err := l.reads.QueryRowContext(ctx, `SELECT report FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND number = $2`, sync, run).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !text.Valid {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("report of run %d of sync %s: %w", run, sync, err)
	}
	report := new(audience.Report)
	if err := json.Unmarshal([]byte(text.String), report); err != nil {
		return nil, fmt.Errorf("report of run %d of sync %s: %w", run, sync, err)
	}
	return report, nil
}
