package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
)

// BeginTrial records that a person is about to send these members outside of a
// run: from now on the next run sends them again, and they are ours, until
// EndTrial says that they were taken. What was known of their refusals ends
// here. o needs the permanent parts of the sync.
func (l *Ledger) BeginTrial(ctx context.Context, o Opening, members []ReadMember) error {
	references := make([]string, len(members))
	for i, m := range members {
		references[i] = m.Reference
	}
	slices.Sort(references) // As in makeContacts.
	list, err := jsonList(references)
	if err != nil {
		return err
	}
	err = l.write(ctx, o.Sync, func(tx *sql.Tx) error {
		syncID, err := l.ensureSync(ctx, tx, o)
		if err != nil {
			return err
		}
		if allowed, err := l.withoutForgotten(ctx, tx, references); err != nil {
			return err
		} else if len(allowed) < len(references) {
			return &RefusedError{fmt.Sprintf("sync %s: %d of the members are forgotten (audiencesync ledger forget), and nothing is sent of them", o.Sync, len(references)-len(allowed))}
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO contacts (workspace_id, reference)
			SELECT workspace_id, atom FROM syncs CROSS JOIN json_each(CAST($1 AS TEXT)) AS wanted WHERE syncs.id = $2
			ON CONFLICT (workspace_id, reference) DO NOTHING`, list, syncID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO memberships (sync_id, contact_id, marked)
			SELECT syncs.id, contacts.id, $1 FROM json_each(CAST($2 AS TEXT)) AS wanted CROSS JOIN syncs
			JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = wanted.atom
			WHERE syncs.id = $3 ON CONFLICT (sync_id, contact_id) DO UPDATE SET fingerprint = NULL, field_digests = NULL`, markedUnknown, list, syncID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM known_failures WHERE sync_id = $1 AND contact_id IN (
				SELECT contacts.id FROM json_each(CAST($2 AS TEXT)) AS wanted CROSS JOIN syncs
				JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = wanted.atom
				WHERE syncs.id = $1)`, syncID, list)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: trial of sync %s: %w", o.Sync, err)
	}
	return nil
}

// EndTrial records that Hello Charles took these members of a trial.
func (l *Ledger) EndTrial(ctx context.Context, sync string, taken []ReadMember) error {
	rows := make([][3]string, len(taken))
	for i, m := range taken {
		rows[i] = [3]string{m.Reference, hex.EncodeToString(m.Fingerprint), hex.EncodeToString(m.FieldDigests)}
	}
	list, err := jsonList(rows)
	if err != nil {
		return err
	}
	err = l.write(ctx, sync, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE memberships SET marked = $1, fingerprint = unhex(now.print), field_digests = nullif(unhex(now.digests), unhex(''))
			FROM (
				SELECT syncs.id AS sync, contacts.id AS contact, wanted.value ->> 1 AS print, wanted.value ->> 2 AS digests
				FROM json_each(CAST($2 AS TEXT)) AS wanted CROSS JOIN syncs
				JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = wanted.value ->> 0
				WHERE syncs.name = $3
			) AS now
			WHERE sync_id = now.sync AND contact_id = now.contact`, markedYes, list, sync)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: trial of sync %s: %w", sync, err)
	}
	return nil
}
