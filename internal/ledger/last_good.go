package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// LastGood returns when the last good run of each sync ended. Syncs that have none, or
// are retired, are left out.
func (l *Ledger) LastGood(ctx context.Context) (map[string]time.Time, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT syncs.name, max(closed_at) FROM runs JOIN syncs ON syncs.id = sync_id
		WHERE good = 1 AND retired_at IS NULL GROUP BY syncs.name`)
	if err != nil {
		return nil, fmt.Errorf("ledger: last good runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	last := map[string]time.Time{}
	for rows.Next() {
		var sync string
		var at sql.NullInt64
		if err := rows.Scan(&sync, &at); err != nil {
			return nil, fmt.Errorf("ledger: last good runs: %w", err)
		}
		last[sync] = fromMicros(at)
	}
	return last, rows.Err()
}
