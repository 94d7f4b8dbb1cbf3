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
// Hello Charles. The smallest number counts, for a day after the last call. One
// contact that is too large alone says nothing about numbers.
func (l *Ledger) LimitBatch(ctx context.Context, workspace string, tooMany int) error {
	if tooMany <= 1 {
		return nil
	}
	now := time.Now()
	err := l.write(ctx, workspace, func(tx *sql.Tx) error {
		return changeOne(tx.ExecContext(ctx, `
			INSERT INTO batch_limits (workspace_id, too_many, told_at) SELECT id, $1, $2 FROM workspaces WHERE name = $3
			ON CONFLICT (workspace_id) DO UPDATE SET told_at = excluded.told_at,
				too_many = CASE WHEN batch_limits.told_at > $4 THEN min(batch_limits.too_many, excluded.too_many) ELSE excluded.too_many END,
				fits = CASE WHEN batch_limits.told_at > $4 THEN batch_limits.fits ELSE 0 END`,
			tooMany, micros(now), workspace, micros(now.Add(-batchLimitHolds))))
	})
	if err != nil {
		return fmt.Errorf("ledger: remembering that a batch is too large: %w", err)
	}
	return nil
}

// BatchLimit returns how many contacts a request to the workspace may hold:
// half of the smallest number that was too many within a day, which is what
// splitting arrived at, or what was taken since if that is more: then a single
// large contact was to blame. Zero: no limit is known.
func (l *Ledger) BatchLimit(ctx context.Context, workspace string) (int, error) {
	limit, err := batchLimit(ctx, l.reads, workspace)
	if err != nil {
		return 0, fmt.Errorf("ledger: batch limit: %w", err)
	}
	return limit, nil
}

func batchLimit(ctx context.Context, db queryer, workspace string) (int, error) {
	var limit int
	since := micros(time.Now().Add(-batchLimitHolds))
	err := db.QueryRowContext(ctx, `
		SELECT max((too_many + 1) / 2, CASE WHEN fits_at > $1 THEN fits ELSE 0 END)
		FROM batch_limits JOIN workspaces ON workspaces.id = workspace_id WHERE name = $2 AND told_at > $1`, since, workspace).Scan(&limit)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return limit, err
}

// noteFits records, where a limit is known, how many contacts of one request
// were taken.
func noteFits(ctx context.Context, tx *sql.Tx, syncID int64, contacts int) error {
	now := time.Now()
	_, err := tx.ExecContext(ctx, `
		UPDATE batch_limits SET fits = $1, fits_at = $2
		WHERE workspace_id = (SELECT workspace_id FROM syncs WHERE id = $3) AND (fits <= $1 OR fits_at <= $4)`,
		contacts, micros(now), syncID, micros(now.Add(-batchLimitHolds)))
	return err
}
