package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"

	"audiencesync/internal/audience"
)

// failure is one member that was not taken.
type failure struct {
	// contact is the row id of the reference; zero without a usable one.
	contact     int64
	leaver      bool
	known       bool
	firstRun    int64
	page        int64
	position    int
	batch       int64 // zero while reading
	sends       int
	fingerprint []byte
	outcome     audience.Outcome
	reason      string
	field       string
	message     string
	mapped      audience.Member
}

// failureChunk bounds the memory of one statement: a row may hold kilobytes.
const failureChunk = 500

// failureLog collects the failures of a transaction and writes them in chunks.
type failureLog struct {
	tx     *sql.Tx
	runID  int64
	syncID int64
	key    *failureKey
	rows   [][]any
	// known counts those that an earlier run met with the same content, and
	// refusedAgain those of them that Hello Charles refused.
	known        int64
	refusedAgain int64
}

func (l *failureLog) add(ctx context.Context, f failure) error {
	raw, err := l.key.seal(f.mapped)
	if err != nil {
		return err
	}
	var contact, sealed any
	if f.contact != 0 {
		contact = f.contact
	}
	if raw != nil {
		sealed = hex.EncodeToString(raw)
	}
	l.rows = append(l.rows, []any{
		contact, zeroOne(f.known), f.firstRun, f.page, f.position, f.batch, f.sends, hex.EncodeToString(f.fingerprint),
		string(f.outcome), f.reason, f.field, f.message, sealed, zeroOne(f.leaver),
	})
	if len(l.rows) < failureChunk {
		return nil
	}
	return l.flush(ctx)
}

// flush writes what is collected. A first run of zero is looked up: that of the
// known failure with the same content, else this run.
func (l *failureLog) flush(ctx context.Context) error {
	if len(l.rows) == 0 {
		return nil
	}
	list, err := jsonList(l.rows)
	if err != nil {
		return err
	}
	l.rows = l.rows[:0]
	rows, err := l.tx.QueryContext(ctx, `
		INSERT INTO failures (run_id, contact_id, known, first_run, page, position, batch, sends, fingerprint, outcome, reason, field, message, raw, leaver)
		SELECT runs.id, CAST(value ->> 0 AS BIGINT), CASE WHEN earlier.first_run IS NULL THEN CAST(value ->> 1 AS BIGINT) ELSE 1 END,
			coalesce(nullif(CAST(value ->> 2 AS BIGINT), 0), earlier.first_run, runs.number),
			CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT),
			unhex(value ->> 7), value ->> 8, value ->> 9, value ->> 10, value ->> 11, unhex(value ->> 12), CAST(value ->> 13 AS BIGINT)
		FROM json_each(CAST($1 AS TEXT)) AS refused CROSS JOIN runs
		LEFT JOIN known_failures AS earlier
			ON earlier.sync_id = $2 AND earlier.contact_id = CAST(value ->> 0 AS BIGINT) AND earlier.fingerprint = unhex(value ->> 7)
		WHERE runs.id = $3 ORDER BY refused.key
		RETURNING known, outcome`,
		list, l.syncID, l.runID)
	if err != nil {
		return err
	}
	return l.count(rows)
}

// count adds up which of the failures just written were met before.
func (l *failureLog) count(rows *sql.Rows) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var known bool
		var outcome audience.Outcome
		if err := rows.Scan(&known, &outcome); err != nil {
			return err
		}
		if !known {
			continue
		}
		l.known++
		if outcome == audience.Refused {
			l.refusedAgain++
		}
	}
	return rows.Err()
}
