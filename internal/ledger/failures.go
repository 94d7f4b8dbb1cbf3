package ledger

import (
	"context"
	"database/sql"

	"audiencesync/internal/audience"
)

type failure struct {
	// contact is the row id of the reference; zero without a usable one.
	contact int64
	place   string
	outcome audience.Outcome
	reason  string
	field   string
	message string
}

func insertFailure(ctx context.Context, tx *sql.Tx, runID int64, f failure) error {
	contact := sql.NullInt64{Int64: f.contact, Valid: f.contact != 0}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO failures (run_id, contact_id, place, outcome, reason, field, message) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		runID, contact, f.place, string(f.outcome), f.reason, f.field, f.message)
	return err
}
