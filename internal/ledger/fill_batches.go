package ledger

import (
	"context"
	"database/sql"
)

// saveBatches writes the full batches of the tail, and the rest as the batch
// that is being filled; at the end of the read the rest is a batch like others.
func (r *Reading) saveBatches(ctx context.Context, tx *sql.Tx, runID int64, last bool) error {
	filling, err := tx.ExecContext(ctx, `DELETE FROM batches WHERE run_id = $1 AND number = $2 AND state = 'filling'`, runID, r.batches)
	if err != nil {
		return err
	}
	if n, err := filling.RowsAffected(); err != nil {
		return err
	} else if n > 0 {
		r.batches--
	}
	for len(r.tail) > 0 {
		size, state := min(r.batchSize, len(r.tail)), "staged"
		full := size == r.batchSize || last
		if !full {
			state = "filling"
		}
		blob, err := pack(r.tail[:size])
		if err != nil {
			return err
		}
		r.batches++
		if _, err := tx.ExecContext(ctx, `INSERT INTO batches (run_id, number, state, members, twice, blob) VALUES ($1, $2, $3, $4, $5, $6)`,
			runID, r.batches, state, size, twice(r.tail[:size]), blob); err != nil {
			return err
		}
		if !full {
			break
		}
		r.staged += int64(len(blob))
		if r.staged > r.limit {
			return &StagingFullError{LimitMegabytes: r.limit >> 20}
		}
		r.tail = append(r.tail[:0:0], r.tail[size:]...)
	}
	return nil
}

// twice is how many members take a second request if Hello Charles confirms them.
func twice(members []Staged) int {
	n := 0
	for i := range members {
		if members[i].Held == HeldChanged {
			n++
		}
	}
	return n
}
