package ledger

import (
	"context"
	"database/sql"
	"slices"

	"audiencesync/internal/audience"
)

// learn records what a comparison found, at the end of its run: who is in the
// segment, and who is gone, which ends a membership. Those who were accepted and
// were never seen there become unknown, so that the next run sends them again; so do
// those who were unmarked and are there, so that it unmarks them again.
//
// Of a segment that is another one than that in which the contacts were seen before, only
// that is learned whom it holds: the rest may be in the other one. If it holds any, it is
// the one that counts from now on.
func learn(ctx context.Context, tx *sql.Tx, run comparedRun) error {
	runID, syncID := run.id, run.syncID
	listed, err := loadSeen(ctx, tx, runID, seenListed)
	if err != nil {
		return err
	}
	still, err := loadSeen(ctx, tx, runID, seenStill)
	if err != nil {
		return err
	}
	if run.lastSeenIn != "" {
		return firstError(
			func() error { return seeInSegment(ctx, tx, run, listed) },
			func() error { return keepOurs(ctx, tx, syncID, still) },
		)
	}
	var gone, notVisible []int64
	err = walkMissing(ctx, tx, run, listed, func(contact int64, wasSeen bool) {
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
	return firstError(
		func() error { return seeInSegment(ctx, tx, run, listed) },
		func() error { return takeBack(ctx, tx, syncID, back) },
		func() error { return keepOurs(ctx, tx, syncID, still) },
		func() error {
			return inParts(gone, func(list string) error {
				if _, err := tx.ExecContext(ctx, `UPDATE contacts SET held = $1 WHERE id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`,
					confirmedGone, list); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, `
					INSERT INTO gone (sync_id, contact_id)
					SELECT $1, CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)) WHERE true
					ON CONFLICT (sync_id, contact_id) DO NOTHING`, syncID, list); err != nil {
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

// seenIn records in which segment contacts of a sync were seen.
func seenIn(ctx context.Context, tx *sql.Tx, run comparedRun) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE syncs SET segment = (SELECT segment FROM runs WHERE runs.id = $1)
		WHERE id = $2 AND EXISTS (SELECT 1 FROM memberships WHERE sync_id = $2 AND in_segment = 1)`, run.id, run.syncID)
	return err
}

// seeInSegment records whom the segment was seen to hold, and if any, that it is the one
// in which they were seen. Hello Charles holds them.
func seeInSegment(ctx context.Context, tx *sql.Tx, run comparedRun, listed *seen) error {
	err := listed.each(walkMemberships, func(contacts []int64) error {
		list, err := jsonList(contacts)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE memberships SET in_segment = 1
			WHERE sync_id = $1 AND in_segment = 0 AND marked = $2 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
			run.syncID, markedYes, list); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE contacts SET held = $1 WHERE held = $2 AND id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))`,
			confirmed, notConfirmed, list)
		return err
	})
	if err != nil || listed.size() == 0 {
		return err
	}
	return seenIn(ctx, tx, run)
}

// takeBack ends that contacts are taken for gone which the segment holds after all: an
// index that was being rebuilt lacked them, or the segment asked for something else. Those
// that this sync had marked are ours again, but nobody knows what they hold: the next run
// sends them, or unmarks them.
func takeBack(ctx context.Context, tx *sql.Tx, syncID int64, back *seen) error {
	// Whoever was marked again meanwhile is not gone.
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM gone WHERE sync_id = $1
			AND EXISTS (SELECT 1 FROM memberships WHERE memberships.sync_id = gone.sync_id AND memberships.contact_id = gone.contact_id)`, syncID); err != nil {
		return err
	}
	return back.each(walkMemberships, func(contacts []int64) error {
		list, err := jsonList(contacts)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE contacts SET held = $1 WHERE id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`,
			confirmed, list); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO memberships (sync_id, contact_id, marked, in_segment)
			SELECT $1, contact_id, $2, 1 FROM gone
			WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($3 AS TEXT)))
			ON CONFLICT (sync_id, contact_id) DO NOTHING`, syncID, markedUnknown, list); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM gone WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, syncID, list); err != nil {
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
