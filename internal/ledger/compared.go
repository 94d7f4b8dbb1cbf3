package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"audiencesync/internal/audience"
)

// learn records what a comparison found, at the end of its run: who is in the
// segment, and who is gone, which ends a membership. Those who were accepted and
// were never seen there become unknown, so that the next run sends them again; so do
// those who were unmarked and are there, so that it unmarks them again.
func learn(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	listed, err := loadSeen(ctx, tx, runID, seenListed)
	if err != nil {
		return err
	}
	var gone, notVisible []int64
	err = walkMissing(ctx, tx, syncID, listed, func(contact int64, wasSeen bool) {
		if wasSeen {
			gone = append(gone, contact)
		} else {
			notVisible = append(notVisible, contact)
		}
	})
	if err != nil {
		return err
	}
	back, err := loadSeen(ctx, tx, runID, seenBack)
	if err != nil {
		return err
	}
	still, err := loadSeen(ctx, tx, runID, seenStill)
	if err != nil {
		return err
	}
	return firstError(
		func() error { return seeInSegment(ctx, tx, syncID, listed) },
		func() error { return takeBack(ctx, tx, syncID, back) },
		func() error { return keepOurs(ctx, tx, syncID, still) },
		func() error {
			return inParts(gone, func(list string) error {
				if _, err := tx.ExecContext(ctx, `UPDATE contacts SET held = $1 WHERE id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`,
					confirmedGone, list); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, `
					DELETE FROM memberships WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, syncID, list)
				return err
			})
		},
		func() error {
			return inParts(notVisible, func(list string) error {
				_, err := tx.ExecContext(ctx, `
					UPDATE memberships SET marked = $1, fingerprint = NULL, field_digests = NULL
					WHERE sync_id = $2 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`, markedUnknown, syncID, list)
				return err
			})
		},
		func() error { return unconfirm(ctx, tx, runID, notVisible) },
	)
}

// unconfirm ends that contacts count as held which this run alone has confirmed, and
// which no segment was ever seen to hold: what was lost is sent with everything it takes
// to create it. Whoever was confirmed before may have been erased since.
func unconfirm(ctx context.Context, tx *sql.Tx, runID int64, notVisible []int64) error {
	fresh, err := loadSeen(ctx, tx, runID, seenUnconfirmed)
	if err != nil {
		return err
	}
	lost := slices.DeleteFunc(slices.Clone(notVisible), func(contact int64) bool { return !fresh.has(contact) })
	return inParts(lost, func(list string) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE contacts SET held = $1 WHERE held = $2 AND id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))
				AND NOT EXISTS (
					SELECT 1 FROM syncs CROSS JOIN memberships -- The few syncs first: there is no index by contact.
					WHERE syncs.workspace_id = contacts.workspace_id AND memberships.sync_id = syncs.id AND contact_id = contacts.id AND in_segment = 1)`, notConfirmed, confirmed, list)
		return err
	})
}

// seeInSegment records whom the segment was seen to hold. Hello Charles holds them.
func seeInSegment(ctx context.Context, tx *sql.Tx, syncID int64, listed *seen) error {
	return listed.each(walkMemberships, func(contacts []int64) error {
		list, err := jsonList(contacts)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE memberships SET in_segment = 1
			WHERE sync_id = $1 AND in_segment = 0 AND marked = $2 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
			syncID, markedYes, list); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE contacts SET held = $1 WHERE held = $2 AND id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
			confirmed, notConfirmed, list)
		return err
	})
}

// takeBack ends that contacts are taken for gone which the segment holds after all:
// an index that was being rebuilt lacked them. The next run sends them as any others.
func takeBack(ctx context.Context, tx *sql.Tx, syncID int64, back *seen) error {
	return back.each(walkMemberships, func(contacts []int64) error {
		list, err := jsonList(contacts)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE contacts SET held = $1 WHERE id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`,
			confirmed, list); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM known_failures WHERE sync_id = $1 AND reason = $2 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
			syncID, string(audience.GoneFromHelloCharles), list)
		return err
	})
}

// keepOurs records that contacts are ours whose marker was taken away, and that the
// segment holds all the same.
func keepOurs(ctx context.Context, tx *sql.Tx, syncID int64, still *seen) error {
	return still.each(walkMemberships, func(contacts []int64) error {
		list, err := jsonList(contacts)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO memberships (sync_id, contact_id, marked, in_segment)
			SELECT $1, CAST(atom AS BIGINT), $2, 1 FROM json_each(CAST($3 AS TEXT)) WHERE true
			ON CONFLICT (sync_id, contact_id) DO NOTHING`, syncID, markedUnknown, list)
		return err
	})
}

// inParts hands out lists of contacts as JSON.
func inParts(contacts []int64, do func(list string) error) error {
	for len(contacts) > 0 {
		part := contacts[:min(len(contacts), walkMemberships)]
		contacts = contacts[len(part):]
		list, err := jsonList(part)
		if err != nil {
			return err
		}
		if err := do(list); err != nil {
			return err
		}
	}
	return nil
}

// DifferenceKind says how Hello Charles and the ledger differ.
type DifferenceKind string

// The kinds of differences that comparing a segment finds.
const (
	// DifferenceGone: it was in the segment, and is not any more.
	DifferenceGone DifferenceKind = "gone"
	// DifferenceNotVisible: it was accepted, and was never seen in the segment.
	DifferenceNotVisible DifferenceKind = "not_visible"
	// DifferenceMerged: its contact holds another marked reference too.
	DifferenceMerged DifferenceKind = "merged"
	// DifferenceStillVisible: it left and was unmarked, and is in the segment all the same.
	DifferenceStillVisible DifferenceKind = "still_visible"
	// DifferenceForeign: it is in the segment, and the ledger does not hold it as marked,
	// or, in an audit, it is not in the audience.
	DifferenceForeign DifferenceKind = "foreign"
	// DifferenceMissing: an audit found it in the audience, and not in the segment.
	DifferenceMissing DifferenceKind = "missing"
	// DifferenceExcluded: an audit found it in the segment, and the filter keeps it out.
	DifferenceExcluded DifferenceKind = "excluded"
	// DifferenceLeft: an audit found it in the segment; this sync has marked it, and it is
	// not in the audience any more.
	DifferenceLeft DifferenceKind = "left"
)

// mostDifferences bounds how many of a kind are kept by name.
const mostDifferences = 10_000

func recordDifferences(ctx context.Context, tx *sql.Tx, runID int64, kind DifferenceKind, contacts []int64) error {
	if len(contacts) == 0 {
		return nil
	}
	list, err := jsonList(contacts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO differences (run_id, kind, reference)
		SELECT $1, $2, contacts.reference FROM json_each(CAST($3 AS TEXT)) AS listed CROSS JOIN contacts WHERE contacts.id = CAST(listed.atom AS BIGINT) AND forgotten = 0
		ON CONFLICT (run_id, kind, reference) DO NOTHING`, runID, string(kind), list)
	return err
}

// Difference is one reference about which the segment and the ledger differ, or that
// was read back and is not as it was sent. It is contact data.
type Difference struct {
	Kind      DifferenceKind `json:"kind"`
	Reference string         `json:"reference"`
}

// Differences returns what a run found by comparing and by reading back, up to 10,000 of each kind.
// Run 0 is the newest one.
func (l *Ledger) Differences(ctx context.Context, sync string, run int64) ([]Difference, error) {
	found, err := l.findRun(ctx, sync, run)
	if err != nil {
		return nil, err
	}
	rows, err := l.reads.QueryContext(ctx, `SELECT kind, reference FROM differences WHERE run_id = $1 ORDER BY kind, reference`, found.id)
	if err != nil {
		return nil, fmt.Errorf("ledger: differences of run %d of sync %s: %w", found.number, sync, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Difference
	for rows.Next() {
		var d Difference
		if err := rows.Scan(&d.Kind, &d.Reference); err != nil {
			return nil, fmt.Errorf("ledger: differences: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
