package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
)

const (
	// seenListed are the contacts that the segment was found to hold.
	seenListed seenKind = "listed"
	// seenBack are those of the contacts that had been taken for gone.
	seenBack seenKind = "back"
)

// Listed is one contact of a segment, as Hello Charles lists it.
type Listed struct {
	// References are those of our source type.
	References []string
	// OfOthers says that it has references of other source types.
	OfOthers bool
}

// Comparing compares the contacts of a segment with those that the ledger holds as
// marked for a sync. It holds bitmaps of row ids, no references.
type Comparing struct {
	ledger                     *Ledger
	ref                        RunRef
	runID, syncID, workspaceID int64

	result audience.Comparison
	// found are the contacts with a membership whose reference was listed, back those
	// without one that were taken for gone, and are there after all.
	found, back *seen
	// named are the first references of each kind.
	named map[DifferenceKind][]string
}

// Compare begins a comparison for a run.
func (l *Ledger) Compare(ctx context.Context, ref RunRef) (*Comparing, error) {
	c := &Comparing{ledger: l, ref: ref, found: newSeen(seenListed), back: newSeen(seenBack), named: map[DifferenceKind][]string{}}
	err := l.reads.QueryRowContext(ctx, `
		SELECT runs.id, syncs.id, workspace_id FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND number = $2`,
		ref.Sync, ref.Run).Scan(&c.runID, &c.syncID, &c.workspaceID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("run %d of sync %s: %w", ref.Run, ref.Sync, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: run: %w", err)
	}
	return c, nil
}

// Take compares some contacts of the segment, each of which is listed once.
func (c *Comparing) Take(ctx context.Context, contacts []Listed) error {
	var references []string
	var holder []int
	for i, contact := range contacts {
		for _, reference := range contact.References {
			references, holder = append(references, reference), append(holder, i)
		}
	}
	ours, err := c.lookUp(ctx, references)
	if err != nil {
		return fmt.Errorf("ledger: comparing references: %w", err)
	}
	held := make([]int64, len(contacts))
	for i, reference := range ours {
		switch {
		case reference.member && c.found.add(reference.contact), reference.gone && c.back.add(reference.contact):
		default:
			continue
		}
		if held[holder[i]]++; held[holder[i]] > 1 {
			c.name(DifferenceMerged, references[i])
		}
		if reference.marked {
			c.result.Found++
		} else {
			c.result.Unsure++
		}
	}
	for i, contact := range contacts {
		c.result.Listed++
		switch {
		case held[i] > 0:
			c.result.Merged += held[i] - 1
		case len(contact.References) > 0:
			c.result.Foreign++
			c.name(DifferenceForeign, contact.References[0])
		case contact.OfOthers:
			c.result.OfOthers++
		default:
			c.result.Unreferenced++
		}
	}
	return nil
}

func (c *Comparing) name(kind DifferenceKind, reference string) {
	if len(c.named[kind]) < mostDifferences {
		c.named[kind] = append(c.named[kind], reference)
	}
}

// listedReference is what the ledger knows of a reference that was listed.
type listedReference struct {
	contact int64
	// member: the sync has marked it, or may have; gone: it was taken for gone.
	member, marked, gone bool
}

func (c *Comparing) lookUp(ctx context.Context, references []string) ([]listedReference, error) {
	found := make([]listedReference, len(references))
	if len(references) == 0 {
		return found, nil
	}
	list, err := jsonList(references)
	if err != nil {
		return nil, err
	}
	rows, err := c.ledger.reads.QueryContext(ctx, `
		SELECT wanted.key, contacts.id, coalesce(marked, 0), held
		FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts
		LEFT JOIN memberships ON memberships.sync_id = $3 AND memberships.contact_id = contacts.id
		WHERE contacts.workspace_id = $2 AND contacts.reference = wanted.atom`, list, c.workspaceID, c.syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var at int
		var contact, marked, held int64
		if err := rows.Scan(&at, &contact, &marked, &held); err != nil {
			return nil, err
		}
		found[at] = listedReference{
			contact: contact, member: marked != 0, marked: marked == markedYes, gone: marked == 0 && held == confirmedGone,
		}
	}
	return found, rows.Err()
}

// End ends a comparison after the whole segment was taken, and keeps which contacts
// it holds until the run is closed. moved says that the segment changed meanwhile.
func (c *Comparing) End(ctx context.Context, moved bool) (audience.Comparison, error) {
	result := c.result
	result.Moved = moved
	var missing map[DifferenceKind][]int64
	err := c.ledger.write(ctx, c.ref.Sync, func(tx *sql.Tx) error {
		result.NotVisible, result.Gone, result.GoneLeft = 0, 0, 0
		missing = map[DifferenceKind][]int64{}
		name := func(kind DifferenceKind, contact int64) {
			if len(missing[kind]) < mostDifferences {
				missing[kind] = append(missing[kind], contact)
			}
		}
		if _, _, err := fence(ctx, tx, c.ref); err != nil {
			return err
		}
		var reads bool
		if err := tx.QueryRowContext(ctx, `SELECT plan_only = 0 OR read_opened_at IS NOT NULL FROM runs WHERE id = $1`, c.runID).Scan(&reads); err != nil {
			return err
		}
		read, err := loadSeen(ctx, tx, c.runID, seenRead)
		if err != nil {
			return err
		}
		suppressed, err := loadSeen(ctx, tx, c.runID, seenSuppressed)
		if err != nil {
			return err
		}
		err = walkMissing(ctx, tx, c.syncID, c.found, func(contact int64, wasSeen bool) {
			if !wasSeen {
				result.NotVisible++
				name(DifferenceNotVisible, contact)
				return
			}
			result.Gone++
			name(DifferenceGone, contact)
			if reads && (!read.has(contact) || suppressed.has(contact)) {
				result.GoneLeft++
			}
		})
		if err != nil {
			return err
		}
		return c.keep(ctx, tx, missing)
	})
	if err != nil {
		return audience.Comparison{}, fmt.Errorf("comparing the segment for run %d of sync %s: %w", c.ref.Run, c.ref.Sync, err)
	}
	return result, nil
}

// keep takes the place of what an earlier comparison of the run found.
func (c *Comparing) keep(ctx context.Context, tx *sql.Tx, missing map[DifferenceKind][]int64) error {
	for _, listed := range []*seen{c.found, c.back} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM seen WHERE run_id = $1 AND kind = $2`, c.runID, string(listed.kind)); err != nil {
			return err
		}
		for key := range listed.chunks {
			listed.changed[key] = true
		}
		if err := listed.save(ctx, tx, c.runID); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM differences WHERE run_id = $1`, c.runID); err != nil {
		return err
	}
	for kind, references := range c.named {
		list, err := jsonList(references)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO differences (run_id, kind, reference) SELECT $1, $2, atom FROM json_each(CAST($3 AS TEXT)) WHERE true
			ON CONFLICT (run_id, kind, reference) DO NOTHING`, c.runID, string(kind), list); err != nil {
			return err
		}
	}
	for kind, contacts := range missing {
		if err := recordDifferences(ctx, tx, c.runID, kind, contacts); err != nil {
			return err
		}
	}
	return nil
}

// walkMissing visits the marked contacts of a sync that were not listed. wasSeen says
// that an earlier proof has seen one in the segment, or taken it for gone: a request
// that cannot create a contact may have been accepted since all the same.
func walkMissing(ctx context.Context, tx *sql.Tx, syncID int64, listed *seen, visit func(contact int64, wasSeen bool)) error {
	for after := int64(0); ; {
		n, err := func() (n int, err error) {
			rows, err := tx.QueryContext(ctx, `
				SELECT contact_id, marked, in_segment = 1 OR held = $3 FROM memberships JOIN contacts ON contacts.id = contact_id
				WHERE sync_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $4`, syncID, after, confirmedGone, walkMemberships)
			if err != nil {
				return 0, err
			}
			defer func() { _ = rows.Close() }()
			for ; rows.Next(); n++ {
				var marked int64
				var wasSeen bool
				if err := rows.Scan(&after, &marked, &wasSeen); err != nil {
					return 0, err
				}
				if marked == markedYes && !listed.has(after) {
					visit(after, wasSeen)
				}
			}
			return n, rows.Err()
		}()
		if err != nil || n < walkMemberships {
			return err
		}
	}
}
