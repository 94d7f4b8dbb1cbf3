package ledger

import (
	"context"
	"database/sql"
	"time"
)

// dropOldFailures deletes what names the members of runs of a sync that ended longer
// ago than keep: failures, labels that were left out, differences. Reports keep the
// counts. Zero keeps all.
func dropOldFailures(ctx context.Context, tx *sql.Tx, syncID int64, keep time.Duration) error {
	if keep <= 0 {
		return nil
	}
	before := micros(time.Now().Add(-keep))
	for _, statement := range []string{
		`DELETE FROM failures WHERE run_id IN (SELECT id FROM runs WHERE sync_id = $1 AND state <> 'open' AND closed_at < $2)`,
		`DELETE FROM withheld WHERE run_id IN (SELECT id FROM runs WHERE sync_id = $1 AND state <> 'open' AND closed_at < $2)`,
		`DELETE FROM differences WHERE run_id IN (SELECT id FROM runs WHERE sync_id = $1 AND state <> 'open' AND closed_at < $2)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, syncID, before); err != nil {
			return err
		}
	}
	return nil
}
