package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
)

// Drawn is a member whose contact is read back. It is contact data.
type Drawn struct {
	// Contact is the row id of its reference.
	Contact   int64
	Reference string
	Mapped    audience.Member
	// Earlier says that not this run has sent it, but an earlier one or a trial.
	Earlier bool
	// Bare says that this run sent it without phone and email: Hello Charles was known
	// to hold them.
	Bare bool
}

// Drawn returns those of a run's sample whose newest content Hello Charles has accepted.
// compared says that the run's segment was compared: whom the comparison misses is named
// by it, and left out here.
func (l *Ledger) Drawn(ctx context.Context, ref RunRef, compared bool) ([]Drawn, error) {
	list, err := l.drawn(ctx, ref, compared)
	if err != nil {
		return nil, fmt.Errorf("ledger: sample of run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return list, nil
}

func (l *Ledger) drawn(ctx context.Context, ref RunRef, compared bool) ([]Drawn, error) {
	var runID, syncID int64
	err := l.reads.QueryRowContext(ctx, `SELECT runs.id, syncs.id FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND number = $2`,
		ref.Sync, ref.Run).Scan(&runID, &syncID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	members, err := loadDrawn(ctx, l.reads, runID)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	listed, err := loadSeen(ctx, l.reads, runID, seenListed)
	if err != nil {
		return nil, err
	}
	held, err := l.accepted(ctx, syncID, members)
	if err != nil {
		return nil, err
	}
	var list []Drawn
	for _, member := range members {
		accepted, ok := held[member.Contact]
		if !ok || !bytes.Equal(accepted.fingerprint, member.Fingerprint) || compared && !listed.has(member.Contact) {
			continue
		}
		list = append(list, Drawn{
			Contact: member.Contact, Reference: member.Reference, Mapped: member.Mapped,
			Earlier: accepted.run != runID, Bare: member.Held == HeldSame,
		})
	}
	return list, nil
}

type acceptedContent struct {
	fingerprint []byte
	run         int64 // zero without
}

// accepted returns what Hello Charles has accepted of these members, by contact.
func (l *Ledger) accepted(ctx context.Context, syncID int64, members []Staged) (map[int64]acceptedContent, error) {
	list, err := contactList(members)
	if err != nil {
		return nil, err
	}
	rows, err := l.reads.QueryContext(ctx, `
		SELECT contact_id, fingerprint, coalesce(run, 0) FROM memberships
		WHERE sync_id = $1 AND marked = $2 AND fingerprint IS NOT NULL AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
		syncID, markedYes, list)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	held := map[int64]acceptedContent{}
	for rows.Next() {
		var contact int64
		var content acceptedContent
		if err := rows.Scan(&contact, &content.fingerprint, &content.run); err != nil {
			return nil, err
		}
		held[contact] = content
	}
	return held, rows.Err()
}

// HoldsAny reports whether one of the references is ours in the workspace of a sync:
// marked by any sync there, or maybe so.
func (l *Ledger) HoldsAny(ctx context.Context, sync string, references []string) (bool, error) {
	list, err := jsonList(references)
	if err != nil {
		return false, err
	}
	var holds bool
	err = l.reads.QueryRowContext(ctx, `
		SELECT EXISTS (
			SELECT 1 FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN syncs AS this CROSS JOIN contacts
			CROSS JOIN syncs CROSS JOIN memberships -- In this order: memberships have no index by contact.
			WHERE syncs.workspace_id = this.workspace_id AND memberships.sync_id = syncs.id AND memberships.contact_id = contacts.id AND this.name = $2 AND contacts.workspace_id = this.workspace_id AND contacts.reference = wanted.atom)`, list, sync).Scan(&holds)
	if err != nil {
		return false, fmt.Errorf("ledger: references of the workspace of sync %s: %w", sync, err)
	}
	return holds, nil
}

// The kinds of differences that reading contacts back finds.
const (
	// DifferenceDiffers: it does not hold something that the run has sent.
	DifferenceDiffers DifferenceKind = "differs"
	// DifferenceChangedSince: it does not hold any more something that was sent earlier.
	DifferenceChangedSince DifferenceKind = "changed_since"
	// DifferenceAbsent: it is not there.
	DifferenceAbsent DifferenceKind = "absent"
)

// readBackKinds are those that no comparison of a segment finds.
var readBackKinds = []DifferenceKind{DifferenceDiffers, DifferenceChangedSince, DifferenceAbsent}

// KeepReadBack keeps the contacts of each kind that reading back has found. It takes the
// place of what was kept before.
func (l *Ledger) KeepReadBack(ctx context.Context, ref RunRef, found map[DifferenceKind][]int64) error {
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		for _, kind := range readBackKinds {
			if _, err := tx.ExecContext(ctx, `DELETE FROM differences WHERE run_id = $1 AND kind = $2`, runID, string(kind)); err != nil {
				return err
			}
			if err := recordDifferences(ctx, tx, runID, kind, found[kind]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping what was read back in run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return nil
}
