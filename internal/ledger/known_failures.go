package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// knownFailure is a refusal that counts for the run that is reading.
type knownFailure struct {
	fingerprint []byte
	firstRun    int64
	outcome     audience.Outcome
	reason      string
	field       string
	message     string
}

// rememberFailures keeps members that were refused for good, with their
// outcomes, so that later runs need not send them.
func rememberFailures(ctx context.Context, tx *sql.Tx, syncID, runID int64, members []Staged, outcomes []MemberOutcome) error {
	if len(members) == 0 {
		return nil
	}
	rows := make([][]any, len(members))
	for i, m := range members {
		o := outcomes[i]
		rows[i] = []any{m.Contact, hex.EncodeToString(m.Fingerprint), string(o.Outcome), o.Reason, o.Field, o.Message}
	}
	list, err := jsonList(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO known_failures (sync_id, contact_id, fingerprint, known_by, outcome, reason, field, message, first_run, last_sent_at)
		SELECT $1, CAST(value ->> 0 AS BIGINT), unhex(value ->> 1), known_by, value ->> 2, value ->> 3, value ->> 4, value ->> 5, number, $2
		FROM json_each(CAST($3 AS TEXT)) AS refused CROSS JOIN runs WHERE runs.id = $4
		ON CONFLICT (sync_id, contact_id) DO UPDATE SET
			first_run = CASE WHEN known_failures.fingerprint = excluded.fingerprint THEN known_failures.first_run ELSE excluded.first_run END,
			fingerprint = excluded.fingerprint, known_by = excluded.known_by, outcome = excluded.outcome, reason = excluded.reason,
			field = excluded.field, message = excluded.message, last_sent_at = excluded.last_sent_at, retry = 0`,
		syncID, micros(time.Now()), list, runID)
	return err
}

// unaccept takes the fingerprint from memberships whose very content was
// refused or found invalid now, so that no later run takes it for unchanged.
func unaccept(ctx context.Context, tx *sql.Tx, syncID int64, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	list, err := contactsAndDigests(members)
	if err != nil {
		return err
	}
	// The first IN leads to the rows by their key; joined with the list, all
	// memberships of the sync would be read.
	_, err = tx.ExecContext(ctx, `
		UPDATE memberships SET fingerprint = NULL, field_digests = NULL
		WHERE sync_id = $1 AND contact_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each(CAST($2 AS TEXT)))
			AND (contact_id, fingerprint) IN (SELECT CAST(value ->> 0 AS BIGINT), unhex(value ->> 1) FROM json_each(CAST($2 AS TEXT)))`, syncID, list)
	return err
}

// forgetFailures removes what is known of members that were taken, refused for
// the moment only, or of which nobody knows what became.
func forgetFailures(ctx context.Context, tx *sql.Tx, syncID int64, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	list, err := contactList(members)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM known_failures WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, syncID, list)
	return err
}

// RetryQuery chooses known failures; empty fields choose all.
type RetryQuery struct {
	// Reason is a reason, or its part before the colon.
	Reason    string
	Reference string
}

// KnownReasons returns the reasons of the known failures of a sync.
func (l *Ledger) KnownReasons(ctx context.Context, sync string) ([]string, error) {
	syncID, err := l.findSync(ctx, sync)
	if err != nil {
		return nil, err
	}
	reasons, err := texts(ctx, l.reads, `SELECT DISTINCT reason FROM known_failures WHERE sync_id = $1 ORDER BY reason`, syncID)
	if err != nil {
		return nil, fmt.Errorf("reasons of the known failures of sync %s: %w", sync, err)
	}
	return reasons, nil
}

// RetryFailures makes the next run of the sync send known failures again, and
// returns how many that are.
func (l *Ledger) RetryFailures(ctx context.Context, sync string, q RetryQuery) (int64, error) {
	syncID, err := l.findSync(ctx, sync)
	if err != nil {
		return 0, err
	}
	var n int64
	err = l.write(ctx, sync, func(tx *sql.Tx) error {
		changed, err := tx.ExecContext(ctx, `
			UPDATE known_failures SET retry = 1
			WHERE sync_id = $1 AND (CAST($2 AS TEXT) = '' OR reason = $2 OR substr(reason, 1, length($2) + 1) = $2 || ':')
				AND (CAST($3 AS TEXT) = '' OR contact_id = (
					SELECT contacts.id FROM contacts JOIN syncs ON syncs.workspace_id = contacts.workspace_id
					WHERE syncs.id = $1 AND contacts.reference = $3))`,
			syncID, q.Reason, q.Reference)
		if err != nil {
			return err
		}
		n, err = changed.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retrying failures of sync %s: %w", sync, err)
	}
	return n, nil
}
