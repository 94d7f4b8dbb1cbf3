package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrSent says that requests of a run may have left.
var ErrSent = errors.New("requests of the run may have left")

// DropRead forgets everything that a run has read and staged, so that it can read
// again. Once a request may have left that is ErrSent.
func (l *Ledger) DropRead(ctx context.Context, ref RunRef) error {
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		var sent bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM batches WHERE run_id = $1 AND sends > 0)`, runID).Scan(&sent); err != nil {
			return err
		}
		if sent {
			return ErrSent
		}
		for _, forget := range []string{
			`DELETE FROM batches WHERE run_id = $1`,
			`DELETE FROM pages WHERE run_id = $1`,
			`DELETE FROM seen WHERE run_id = $1`,
			`DELETE FROM failures WHERE run_id = $1`,
			`DELETE FROM withheld WHERE run_id = $1`,
			`DELETE FROM differences WHERE run_id = $1`,
			`DELETE FROM samples WHERE run_id = $1`,
			`DELETE FROM drawn WHERE run_id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, forget, runID); err != nil {
				return err
			}
		}
		// What the run has found itself is new to it when it reads again.
		if _, err := tx.ExecContext(ctx, `DELETE FROM known_failures WHERE sync_id = $1 AND first_run = $2`, syncID, ref.Run); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE runs SET page = 0, cursor = '', members_read = 0, read_done = 0, batches = 0, staged_bytes = 0,
				snapshot = NULL, read_opened_at = NULL, decided = NULL
			WHERE id = $1`, runID)
		return err
	})
	if err == nil {
		err = l.emptyLog(ctx)
	}
	if err != nil {
		return fmt.Errorf("dropping what run %d of sync %s has read: %w", ref.Run, ref.Sync, err)
	}
	return nil
}
