package ledger

import (
	"context"
	"database/sql"
)

// arm takes the fingerprints of the members that the run is to mark again: from
// now on a leaver's request may have taken their marker, so that no later run may
// take them for unchanged. The marks give the fingerprints back.
func arm(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	var first bool
	if err := tx.QueryRowContext(ctx, `SELECT armed = 0 FROM runs WHERE id = $1`, runID).Scan(&first); err != nil || !first {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET armed = 1 WHERE id = $1`, runID); err != nil {
		return err
	}
	numbers, err := ids(ctx, tx, `SELECT number FROM batches WHERE run_id = $1 AND kind = $2 AND state = 'staged'`, runID, string(BatchMarks))
	if err != nil {
		return err
	}
	for _, number := range numbers {
		batch := Batch{Number: number}
		if err := loadBatch(ctx, tx, runID, &batch); err != nil {
			return err
		}
		list, err := contactList(batch.Members)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE memberships SET fingerprint = NULL, field_digests = NULL
			WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, syncID, list); err != nil {
			return err
		}
	}
	return nil
}

// acceptAgain records that members are marked again, with the content that they
// had before.
func acceptAgain(ctx context.Context, tx *sql.Tx, syncID int64, members []Staged) error {
	list, err := contactsAndDigests(members)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked, fingerprint, field_digests)
		SELECT $1, CAST(value ->> 0 AS BIGINT), $2, nullif(unhex(value ->> 1), unhex('')), nullif(unhex(value ->> 2), unhex(''))
		FROM json_each(CAST($3 AS TEXT)) WHERE true
		ON CONFLICT (sync_id, contact_id) DO UPDATE SET
			marked = excluded.marked, fingerprint = excluded.fingerprint, field_digests = excluded.field_digests`,
		syncID, markedYes, list)
	return err
}
