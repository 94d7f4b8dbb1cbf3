package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// forgottenDigest stands for a reference that is forgotten. A phone number has the same
// with and without its plus: it stays forgotten in syncs that spell it in the other way.
func (l *Ledger) forgottenDigest(reference string) []byte {
	mac := hmac.New(sha256.New, l.key)
	_, _ = mac.Write([]byte("forgotten\x00" + strings.TrimPrefix(reference, "+")))
	return mac.Sum(nil)
}

// spellings are a reference with and without a plus before it.
func spellings(reference string) []string {
	bare := strings.TrimPrefix(reference, "+")
	return []string{bare, "+" + bare}
}

// ForgottenAt returns when a reference was forgotten; zero if it is not.
func (l *Ledger) ForgottenAt(ctx context.Context, reference string) (time.Time, error) {
	var at sql.NullInt64
	err := l.reads.QueryRowContext(ctx, `SELECT forgotten_at FROM forgotten WHERE digest = $1`, l.forgottenDigest(reference)).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("ledger: forgotten references: %w", err)
	}
	return fromMicros(at), nil
}

// whoIsForgotten returns which of the references are forgotten, by place; nil if nobody
// is.
func (l *Ledger) whoIsForgotten(ctx context.Context, tx *sql.Tx, references int, reference func(int) string) (map[int]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT digest FROM forgotten`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	digests := map[string]bool{}
	for rows.Next() {
		var digest []byte
		if err := rows.Scan(&digest); err != nil {
			return nil, err
		}
		digests[string(digest)] = true
	}
	if err := rows.Err(); err != nil || len(digests) == 0 {
		return nil, err
	}
	found := map[int]bool{}
	for i := range references {
		if digests[string(l.forgottenDigest(reference(i)))] {
			found[i] = true
		}
	}
	return found, nil
}

// withoutForgotten leaves those out who are forgotten.
func (l *Ledger) withoutForgotten(ctx context.Context, tx *sql.Tx, references []string) ([]string, error) {
	forgotten, err := l.whoIsForgotten(ctx, tx, len(references), func(i int) string { return references[i] })
	if err != nil || len(forgotten) == 0 {
		return references, err
	}
	var kept []string
	for i, reference := range references {
		if !forgotten[i] {
			kept = append(kept, reference)
		}
	}
	return kept, nil
}

// keepForgotten sees to it that contacts of forgotten people are erased, which a ledger
// holds (again) because somebody else has marked them.
func keepForgotten(ctx context.Context, tx *sql.Tx, contacts []int64) error {
	if len(contacts) == 0 {
		return nil
	}
	list, err := jsonList(contacts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE contacts SET forgotten = 1 WHERE forgotten = 0 AND id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($1 AS TEXT)))`, list)
	return err
}

// keepAdopted is keepForgotten for references that were found marked.
func (l *Ledger) keepAdopted(ctx context.Context, tx *sql.Tx, syncID int64, references []string) error {
	forgotten, err := l.whoIsForgotten(ctx, tx, len(references), func(i int) string { return references[i] })
	if err != nil || len(forgotten) == 0 {
		return err
	}
	var found []string
	for i := range forgotten {
		found = append(found, references[i])
	}
	list, err := jsonList(found)
	if err != nil {
		return err
	}
	contacts, err := ids(ctx, tx, `
		SELECT contacts.id FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN syncs
		JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = wanted.atom WHERE syncs.id = $2`, list, syncID)
	if err != nil {
		return err
	}
	return keepForgotten(ctx, tx, contacts)
}
