package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// batchLimitHolds is how long a request that was too large is remembered: the
// other side may raise its limit.
const batchLimitHolds = 24 * time.Hour

// LimitBatch remembers that a request with so many contacts was too large for
// Hello Charles. The smallest number counts, for a day after the last call.
func (l *Ledger) LimitBatch(ctx context.Context, workspace string, tooMany int) error {
	now := time.Now()
	err := l.write(ctx, func(tx *sql.Tx) error {
		return changeOne(tx.ExecContext(ctx, `
			INSERT INTO batch_limits (workspace_id, too_many, told_at) SELECT id, ?, ? FROM workspaces WHERE name = ?
			ON CONFLICT DO UPDATE SET told_at = excluded.told_at,
				too_many = CASE WHEN told_at > ? THEN min(too_many, excluded.too_many) ELSE excluded.too_many END`,
			tooMany, micros(now), workspace, micros(now.Add(-batchLimitHolds))))
	})
	if err != nil {
		return fmt.Errorf("ledger: remembering that a batch is too large: %w", err)
	}
	return nil
}

// BatchLimit returns how many contacts a request to the workspace may hold:
// half of the smallest number that was too many within a day, which is what
// splitting arrived at. Zero: no limit is known.
func (l *Ledger) BatchLimit(ctx context.Context, workspace string) (int, error) {
	limit, err := batchLimit(ctx, l.reads, workspace)
	if err != nil {
		return 0, fmt.Errorf("ledger: batch limit: %w", err)
	}
	return limit, nil
}

func batchLimit(ctx context.Context, db queryer, workspace string) (int, error) {
	var tooMany int
	err := db.QueryRowContext(ctx, `
		SELECT too_many FROM batch_limits JOIN workspaces ON workspaces.id = workspace_id WHERE name = ? AND told_at > ?`,
		workspace, micros(time.Now().Add(-batchLimitHolds))).Scan(&tooMany)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return max(tooMany/2, min(tooMany, 1)), err
}
