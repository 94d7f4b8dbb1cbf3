package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"audiencesync/internal/audience"
)

// End ends a comparison after the whole segment was taken, and keeps which contacts
// it holds until the run is closed. moved says that the segment changed meanwhile.
func (c *Comparing) End(ctx context.Context, moved bool) (audience.Comparison, error) {
	var result audience.Comparison
	err := c.ledger.write(ctx, c.ref.Sync, func(tx *sql.Tx) error {
		if _, _, err := fence(ctx, tx, c.ref); err != nil {
			return err
		}
		missing := missing{Comparison: c.result, named: map[DifferenceKind][]int64{}}
		missing.Moved, missing.LastSeenIn = moved, c.run.lastSeenIn
		find := c.missingMarks
		if c.run.audit {
			find = c.missingMembers
		}
		if err := find(ctx, tx, &missing); err != nil {
			return err
		}
		result = missing.Comparison
		return c.keep(ctx, tx, missing.named)
	})
	if err != nil {
		return audience.Comparison{}, fmt.Errorf("comparing the segment for run %d of sync %s: %w", c.ref.Run, c.ref.Sync, err)
	}
	return result, nil
}

// missing is a comparison, and the contacts that the segment should hold and does not.
type missing struct {
	audience.Comparison

	named map[DifferenceKind][]int64
}

func (m *missing) name(kind DifferenceKind, contact int64) {
	if len(m.named[kind]) < mostDifferences {
		m.named[kind] = append(m.named[kind], contact)
	}
}

// missingMarks finds the contacts that the ledger holds as marked and the segment lacks.
func (c *Comparing) missingMarks(ctx context.Context, db rowsQueryer, m *missing) error {
	has, err := loadAudience(ctx, db, c.run.id)
	if err != nil {
		return err
	}
	return walkMissing(ctx, db, c.run, c.found, func(contact int64, wasSeen bool) {
		if !wasSeen {
			m.NotVisible++
			m.name(DifferenceNotVisible, contact)
			return
		}
		m.Gone++
		m.name(DifferenceGone, contact)
		if c.run.reads && !has.member(contact) {
			m.GoneLeft++
		}
	})
}

// missingMembers finds the members that the segment lacks. Who is known to be gone is
// not missing.
func (c *Comparing) missingMembers(ctx context.Context, db rowsQueryer, m *missing) error {
	return c.expected.without(c.found).each(walkMemberships, func(contacts []int64) error {
		gone, err := goneOf(ctx, db, contacts)
		if err != nil {
			return err
		}
		for _, contact := range contacts {
			if gone[contact] {
				m.Gone++
				m.name(DifferenceGone, contact)
			} else {
				m.Missing++
				m.name(DifferenceMissing, contact)
			}
		}
		return nil
	})
}

// goneOf tells which of some contacts were taken for gone.
func goneOf(ctx context.Context, db rowsQueryer, contacts []int64) (map[int64]bool, error) {
	list, err := jsonList(contacts)
	if err != nil {
		return nil, err
	}
	found, err := ids(ctx, db, `
		SELECT contacts.id FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts
		WHERE contacts.id = CAST(wanted.atom AS BIGINT) AND held = $2`, list, confirmedGone)
	if err != nil {
		return nil, err
	}
	gone := make(map[int64]bool, len(found))
	for _, contact := range found {
		gone[contact] = true
	}
	return gone, nil
}

// keep takes the place of what an earlier comparison of the run found.
func (c *Comparing) keep(ctx context.Context, tx *sql.Tx, missing map[DifferenceKind][]int64) error {
	for _, listed := range []*seen{c.found, c.back, c.still} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM seen WHERE run_id = $1 AND kind = $2`, c.run.id, string(listed.kind)); err != nil {
			return err
		}
		for key := range listed.chunks {
			listed.changed[key] = true
		}
		if err := listed.save(ctx, tx, c.run.id); err != nil {
			return err
		}
	}
	others, err := jsonList(readBackKinds)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM differences WHERE run_id = $1 AND kind NOT IN (SELECT atom FROM json_each(CAST($2 AS TEXT)))`, c.run.id, others); err != nil {
		return err
	}
	for kind, references := range c.named {
		if references, err = c.ledger.withoutForgotten(ctx, tx, references); err != nil {
			return err
		}
		list, err := jsonList(references)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO differences (run_id, kind, reference) SELECT $1, $2, atom FROM json_each(CAST($3 AS TEXT)) WHERE true
			ON CONFLICT (run_id, kind, reference) DO NOTHING`, c.run.id, string(kind), list); err != nil {
			return err
		}
	}
	for kind, contacts := range missing {
		if err := recordDifferences(ctx, tx, c.run.id, kind, contacts); err != nil {
			return err
		}
	}
	return nil
}

// walkMissing visits the marked contacts of a sync that were not listed. wasSeen says
// that an earlier proof has seen one in this segment, or taken it for gone: a request
// that cannot create a contact may have been accepted since all the same.
func walkMissing(ctx context.Context, db rowsQueryer, run comparedRun, listed *seen, visit func(contact int64, wasSeen bool)) error {
	for after := int64(0); ; {
		n, err := func() (n int, err error) {
			rows, err := db.QueryContext(ctx, `
				SELECT contact_id, marked, in_segment = 1 AND $5 = '' OR held = $3 FROM memberships JOIN contacts ON contacts.id = contact_id
				WHERE sync_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $4`, run.syncID, after, confirmedGone, walkMemberships, run.lastSeenIn)
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
