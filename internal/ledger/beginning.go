package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// BeginningKind is what a person said of the contacts that were in the segment of
// a sync before its first run.
type BeginningKind string

// The kinds of beginnings.
const (
	// BeginningUnsaid: nobody said anything.
	BeginningUnsaid BeginningKind = ""
	// BeginningAdopting: they are being recorded, or that was broken off.
	BeginningAdopting BeginningKind = "adopting"
	// BeginningAdopted: those of the workspace's source type are members.
	BeginningAdopted BeginningKind = "adopted"
	// BeginningIgnored: they are not ours.
	BeginningIgnored BeginningKind = "ignored"
)

// Beginning is what the ledger holds of how a sync began.
type Beginning struct {
	Kind BeginningKind
	// NotOurs of the segment's contacts were there before us and are no members.
	NotOurs int64
	// Closed says that a run has ended, Sent that one may have sent something. A run
	// that only plans does not count.
	Closed, Sent bool
	// Held is the number of contacts that are members, or may be. It is only counted
	// where nothing else is known.
	Held int64
	// Segment is the one in which a proof saw contacts of the sync last; empty if none did.
	Segment string
}

// Settled reports whether it is known what the segment held before the first run.
func (b Beginning) Settled() bool {
	return b.Kind != BeginningAdopting && (b.Kind != BeginningUnsaid || b.Closed || b.Sent)
}

// Beginning returns how a sync began; zero for one that the ledger does not know.
func (l *Ledger) Beginning(ctx context.Context, sync string) (Beginning, error) {
	var b Beginning
	var syncID int64
	err := l.reads.QueryRowContext(ctx, `
		SELECT syncs.id, segment, coalesce(kind, ''), coalesce(not_ours, 0),
			EXISTS (SELECT 1 FROM runs WHERE runs.sync_id = syncs.id AND plan_only = 0 AND state = 'closed'),
			EXISTS (SELECT 1 FROM runs JOIN batches ON batches.run_id = runs.id WHERE runs.sync_id = syncs.id AND plan_only = 0 AND sends > 0)
		FROM syncs LEFT JOIN beginnings ON beginnings.sync_id = syncs.id WHERE syncs.name = $1`, sync).
		Scan(&syncID, &b.Segment, &b.Kind, &b.NotOurs, &b.Closed, &b.Sent)
	if errors.Is(err, sql.ErrNoRows) {
		return Beginning{}, nil
	}
	if err == nil && !b.Settled() {
		err = l.reads.QueryRowContext(ctx, `SELECT count(*) FROM memberships WHERE sync_id = $1`, syncID).Scan(&b.Held)
	}
	if err != nil {
		return Beginning{}, fmt.Errorf("ledger: beginning of sync %s: %w", sync, err)
	}
	return b, nil
}

// InUseSince returns when this ledger was last known to be the one of a workspace:
// a run of any of its syncs opened and ended, or a person said how one began. Zero
// if never.
func (l *Ledger) InUseSince(ctx context.Context, workspace string) (time.Time, error) {
	var since sql.NullInt64
	err := l.reads.QueryRowContext(ctx, `
		SELECT max(at) FROM (
			SELECT told_at AS at FROM beginnings JOIN syncs ON syncs.id = sync_id JOIN workspaces ON workspaces.id = workspace_id
			WHERE workspaces.name = $1 AND kind <> $2
			UNION ALL
			SELECT opened_at AS at FROM runs JOIN syncs ON syncs.id = sync_id JOIN workspaces ON workspaces.id = workspace_id
			WHERE workspaces.name = $1 AND plan_only = 0 AND state = 'closed'
		) AS known`, workspace, string(BeginningAdopting)).Scan(&since)
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: workspace %s: %w", workspace, err)
	}
	return fromMicros(since), nil
}

// BeginAdoption records that the contacts of a segment are about to be recorded as
// members. Until EndAdoption no run opens. o needs the permanent parts of the sync.
// It is refused once a run that sent something has ended.
func (l *Ledger) BeginAdoption(ctx context.Context, o Opening) error {
	return l.begin(ctx, o, func(tx *sql.Tx, syncID int64) error {
		return tell(ctx, tx, syncID, BeginningAdopting, 0)
	})
}

// Adopt records contacts that Hello Charles holds as members of a sync whose
// content is not known: the next run sends those that are in the audience, and
// unmarks the others. It returns how many were no members before. A repeated call
// changes nothing.
func (l *Ledger) Adopt(ctx context.Context, sync string, references []string) (added int64, err error) {
	references = slices.Compact(slices.Sorted(slices.Values(references)))
	list, err := jsonList(references)
	if err != nil {
		return 0, err
	}
	err = l.write(ctx, sync, func(tx *sql.Tx) error {
		var syncID int64
		err := tx.QueryRowContext(ctx, `
			SELECT sync_id FROM beginnings JOIN syncs ON syncs.id = sync_id WHERE name = $1 AND kind = $2`, sync, string(BeginningAdopting)).Scan(&syncID)
		if errors.Is(err, sql.ErrNoRows) {
			return &RefusedError{fmt.Sprintf("sync %s: something else was said of its beginning meanwhile; what was recorded so far stays", sync)}
		}
		if err != nil {
			return err
		}
		if err := l.lockContacts(ctx, tx, syncID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO contacts (workspace_id, reference, held)
			SELECT workspace_id, atom, $1 FROM syncs CROSS JOIN json_each(CAST($2 AS TEXT)) AS listed WHERE syncs.id = $3
			ON CONFLICT (workspace_id, reference) DO UPDATE SET held = excluded.held`, confirmed, list, syncID); err != nil {
			return err
		}
		var before int64
		if err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM json_each(CAST($1 AS TEXT)) AS listed CROSS JOIN syncs
			JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = listed.atom
			JOIN memberships ON memberships.sync_id = syncs.id AND memberships.contact_id = contacts.id
			WHERE syncs.id = $2`, list, syncID).Scan(&before); err != nil {
			return err
		}
		added = int64(len(references)) - before
		_, err = tx.ExecContext(ctx, `
			INSERT INTO memberships (sync_id, contact_id, marked, in_segment)
			SELECT syncs.id, contacts.id, $1, 1 FROM json_each(CAST($2 AS TEXT)) AS listed CROSS JOIN syncs
			JOIN contacts ON contacts.workspace_id = syncs.workspace_id AND contacts.reference = listed.atom
			WHERE syncs.id = $3 ON CONFLICT (sync_id, contact_id) DO UPDATE SET marked = excluded.marked, in_segment = excluded.in_segment`, markedYes, list, syncID)
		if err != nil {
			return err
		}
		return l.keepAdopted(ctx, tx, syncID, references)
	})
	if err != nil {
		return 0, fmt.Errorf("adopting contacts for sync %s: %w", sync, err)
	}
	return added, nil
}

// EndAdoption records that all contacts of the segment that are ours are members,
// and how many others it holds.
func (l *Ledger) EndAdoption(ctx context.Context, o Opening, notOurs int64) error {
	return l.begin(ctx, o, func(tx *sql.Tx, syncID int64) error {
		return tell(ctx, tx, syncID, BeginningAdopted, notOurs)
	})
}

// Ignored is what it came to that the contacts of a segment are not ours.
type Ignored struct {
	// Held of the counted contacts are members all the same: a trial brought them.
	Held int64
	// NotOurs are the others.
	NotOurs int64
	// Dropped contacts had been adopted, and are members no more.
	Dropped int64
}

// Ignore records that the contacts that a segment holds now are not ours, but for
// those that a trial brought. What was adopted before is forgotten. counted is nil
// where the segment cannot be counted. It is refused once a run that sent something
// has ended.
func (l *Ledger) Ignore(ctx context.Context, o Opening, counted *int64) (Ignored, error) {
	var ignored Ignored
	err := l.begin(ctx, o, func(tx *sql.Tx, syncID int64) error {
		result, err := tx.ExecContext(ctx, `
			DELETE FROM memberships WHERE sync_id = $1 AND marked = $2 AND fingerprint IS NULL AND run IS NULL
				AND EXISTS (SELECT 1 FROM beginnings WHERE beginnings.sync_id = $1 AND kind <> $3)`, syncID, markedYes, string(BeginningIgnored))
		if err != nil {
			return err
		}
		if ignored.Dropped, err = result.RowsAffected(); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM memberships WHERE sync_id = $1 AND marked = $2`, syncID, markedYes).Scan(&ignored.Held); err != nil {
			return err
		}
		if counted != nil {
			ignored.NotOurs = max(*counted-ignored.Held, 0)
		}
		return tell(ctx, tx, syncID, BeginningIgnored, ignored.NotOurs)
	})
	return ignored, err
}

// begin changes the beginning of a sync, unless runs have gone on from it.
func (l *Ledger) begin(ctx context.Context, o Opening, change func(tx *sql.Tx, syncID int64) error) error {
	err := l.write(ctx, o.Sync, func(tx *sql.Tx) error {
		syncID, err := l.ensureSync(ctx, tx, o)
		if err != nil {
			return err
		}
		var run sql.NullInt64
		if err := tx.QueryRowContext(ctx, `
			SELECT min(runs.number) FROM runs WHERE sync_id = $1 AND plan_only = 0 AND state = 'closed'
				AND EXISTS (SELECT 1 FROM batches WHERE run_id = runs.id AND sends > 0)`, syncID).Scan(&run); err != nil {
			return err
		}
		if run.Valid {
			return &RefusedError{fmt.Sprintf(
				"sync %s: its run %d has sent contacts already, so the ledger knows whom the sync has marked; whoever is in the segment besides is not known to be its own: take the mark from them in Hello Charles",
				o.Sync, run.Int64)}
		}
		return change(tx, syncID)
	})
	if err != nil {
		return fmt.Errorf("beginning of sync %s: %w", o.Sync, err)
	}
	return nil
}

// tell records what a person said of a sync's beginning.
func tell(ctx context.Context, tx *sql.Tx, syncID int64, kind BeginningKind, notOurs int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO beginnings (sync_id, kind, not_ours, told_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sync_id) DO UPDATE SET kind = excluded.kind, not_ours = excluded.not_ours, told_at = excluded.told_at`,
		syncID, string(kind), notOurs, micros(time.Now()))
	return err
}
