package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Forgetting is what became of a request to forget a person.
type Forgetting struct {
	// Held says that the ledger held the reference.
	Held bool `json:"held"`
	// Erased says that it holds nothing of it now but a keyed digest.
	Erased bool `json:"erased"`
	// Unmarks are the syncs whose next run takes their marker away first.
	Unmarks []string `json:"unmarks,omitempty"`
	// Busy are the syncs with an open run that has read the person, and may send it.
	Busy []string `json:"busy,omitempty"`
	// StaysMarked are the syncs whose marker stays on the contact in Hello Charles.
	StaysMarked []string `json:"stays_marked,omitempty"`
}

// Forget records that the person behind a reference, with or without a plus before it, is
// suppressed in all syncs from now on, and erases what the ledger holds of it. The
// reference itself is kept until the marker has been taken away, and no open run has
// read it; at once erases it also where a marker stays. A repeated call goes on where
// things stand.
func (l *Ledger) Forget(ctx context.Context, reference string, atOnce bool) (Forgetting, error) {
	var f Forgetting
	err := l.write(ctx, "forgotten", func(tx *sql.Tx) error {
		f = Forgetting{}
		if _, err := tx.ExecContext(ctx, `INSERT INTO forgotten (digest, forgotten_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`,
			l.forgottenDigest(reference), micros(time.Now())); err != nil {
			return err
		}
		contacts, err := l.contactsOf(ctx, tx, reference)
		if err != nil {
			return err
		}
		f.Held, f.Erased = len(contacts) > 0, true
		for _, contact := range contacts {
			if err := l.forgetContact(ctx, tx, contact, atOnce, &f); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = l.emptyLog(ctx)
	}
	if err != nil {
		return Forgetting{}, fmt.Errorf("ledger: forgetting a person: %w", err)
	}
	return f, nil
}

// forgottenContact is a contact of a person who is to be forgotten.
type forgottenContact struct {
	id        int64
	workspace string
}

// contactsOf finds the contacts of a reference in all workspaces, in one order.
func (l *Ledger) contactsOf(ctx context.Context, tx *sql.Tx, reference string) ([]forgottenContact, error) {
	list, err := jsonList(spellings(reference))
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT contacts.id, workspaces.name FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN workspaces
		JOIN contacts ON contacts.workspace_id = workspaces.id AND contacts.reference = wanted.atom
		ORDER BY workspaces.name, contacts.id`, list)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []forgottenContact
	for rows.Next() {
		var contact forgottenContact
		if err := rows.Scan(&contact.id, &contact.workspace); err != nil {
			return nil, err
		}
		found = append(found, contact)
	}
	return found, rows.Err()
}

// forgetContact erases of a contact what no request needs any more, and all of it if it
// can be.
func (l *Ledger) forgetContact(ctx context.Context, tx *sql.Tx, contact forgottenContact, atOnce bool, f *Forgetting) error {
	if err := l.lockWorkspace(ctx, tx, contact.workspace); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE contacts SET forgotten = 1 WHERE id = $1 AND forgotten = 0`,
		`UPDATE memberships SET fingerprint = NULL, field_digests = NULL WHERE contact_id = $1`,
		`DELETE FROM known_failures WHERE contact_id = $1`,
		`DELETE FROM samples WHERE contact_id = $1`,
		// The failures of an open run are counted when it ends.
		`DELETE FROM failures WHERE contact_id = $1 AND run_id IN (SELECT id FROM runs WHERE state <> 'open')`,
		`DELETE FROM differences WHERE reference = (SELECT reference FROM contacts WHERE id = $1)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, contact.id); err != nil {
			return err
		}
	}
	keeps, err := findKeeping(ctx, tx, contact.id)
	if err != nil {
		return err
	}
	f.Busy = append(f.Busy, keeps.busy...)
	f.StaysMarked = append(f.StaysMarked, keeps.stays...)
	if atOnce && len(keeps.busy) == 0 {
		f.StaysMarked = append(f.StaysMarked, keeps.unmarks...)
		return erase(ctx, tx, contact.id)
	}
	f.Unmarks = append(f.Unmarks, keeps.unmarks...)
	if len(keeps.busy)+len(keeps.unmarks) > 0 {
		f.Erased = false
		return nil
	}
	return erase(ctx, tx, contact.id)
}

// keeping is why the reference of a contact is still needed, by names of syncs.
type keeping struct {
	unmarks, busy, stays []string
}

func findKeeping(ctx context.Context, tx *sql.Tx, contact int64) (k keeping, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT syncs.name, mirror, retired_at IS NOT NULL FROM memberships JOIN syncs ON syncs.id = sync_id WHERE contact_id = $1 ORDER BY syncs.name`, contact)
	if err != nil {
		return k, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var mirror int64
		var retired bool
		if err := rows.Scan(&name, &mirror, &retired); err != nil {
			return k, err
		}
		if mirror == 1 && !retired {
			k.unmarks = append(k.unmarks, name)
		} else {
			k.stays = append(k.stays, name)
		}
	}
	if err := rows.Err(); err != nil {
		return k, err
	}
	k.busy, err = openRunsThatSaw(ctx, tx, contact)
	return k, err
}

// openRunsThatSaw names the syncs with an open run that has read a contact, or is about
// to unmark it.
func openRunsThatSaw(ctx context.Context, tx *sql.Tx, contact int64) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT syncs.name, bits FROM seen JOIN runs ON runs.id = run_id JOIN syncs ON syncs.id = runs.sync_id
		WHERE runs.state = 'open' AND chunk = $1 ORDER BY syncs.name`, contact>>chunkBits)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		var bits []byte
		if err := rows.Scan(&name, &bits); err != nil {
			return nil, err
		}
		chunk, err := chunkOf(bits)
		if err != nil {
			return nil, err
		}
		if chunk.Contains(uint32(contact & (1<<chunkBits - 1))) {
			names = append(names, name)
		}
	}
	return slices.Compact(names), rows.Err()
}

// erase takes everything of a person out of the ledger. The row stays, because sets of
// contacts hold its id; a membership stays where nobody takes the marker away, because
// it says how many contacts are marked.
func erase(ctx context.Context, tx *sql.Tx, contact int64) error {
	for _, statement := range []string{
		`DELETE FROM past_channels WHERE contact_id = $1`,
		`DELETE FROM known_failures WHERE contact_id = $1`,
		`DELETE FROM gone WHERE contact_id = $1`,
		`DELETE FROM samples WHERE contact_id = $1`,
		`DELETE FROM failures WHERE contact_id = $1`,
		`DELETE FROM differences WHERE reference = (SELECT reference FROM contacts WHERE id = $1)`,
		`DELETE FROM memberships WHERE contact_id = $1 AND sync_id IN (SELECT id FROM syncs WHERE mirror = 1)`,
		`UPDATE contacts SET reference = '(forgotten ' || id || ')', phone = 0, email = 0, held = 0, forgotten = 2 WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, contact); err != nil {
			return err
		}
	}
	return nil
}

// eraseForgotten erases those of a sync's workspace who are to be forgotten and of whom
// nothing is needed any more.
func (l *Ledger) eraseForgotten(ctx context.Context, tx *sql.Tx, syncID int64) error {
	waiting, err := ids(ctx, tx, `
		SELECT contacts.id FROM contacts JOIN syncs ON syncs.workspace_id = contacts.workspace_id
		WHERE syncs.id = $1 AND forgotten = 1 AND forgotten > 0 ORDER BY contacts.id`, syncID)
	if err != nil || len(waiting) == 0 {
		return err
	}
	if err := l.lockContacts(ctx, tx, syncID); err != nil {
		return err
	}
	for _, contact := range waiting {
		keeps, err := findKeeping(ctx, tx, contact)
		if err != nil {
			return err
		}
		if len(keeps.busy)+len(keeps.unmarks) > 0 {
			continue
		}
		if err := erase(ctx, tx, contact); err != nil {
			return err
		}
	}
	return nil
}
