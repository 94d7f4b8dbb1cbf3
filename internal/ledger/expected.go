package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Expected is how many contacts the segment of a sync should hold.
type Expected struct {
	// Marked are those that the ledger holds as marked; for an audit, the members that
	// pass the filter and our checks, whatever the ledger holds.
	Marked int64
	// Stale are in the audience, but their update failed, in this run or in an
	// earlier one whose failure is known.
	Stale int64
	// Left are not in the audience any more, or the filter excludes them now.
	Left int64
}

// Expected counts the contacts that the sync's segment should hold after the
// run. It walks all memberships in order, in constant memory beside the
// bitmaps of what the run has read.
func (l *Ledger) Expected(ctx context.Context, ref RunRef) (Expected, error) {
	run, err := loadComparedRun(ctx, l.reads, ref)
	if err != nil {
		return Expected{}, err
	}
	has, err := loadAudience(ctx, l.reads, run.id)
	if err != nil {
		return Expected{}, fmt.Errorf("ledger: %w", err)
	}
	if run.audit {
		return Expected{Marked: has.expected().size()}, nil
	}
	rows, err := l.reads.QueryContext(ctx, `
		SELECT contact_id, EXISTS (SELECT 1 FROM failures WHERE failures.run_id = $1 AND failures.contact_id = memberships.contact_id)
		FROM memberships WHERE sync_id = $2 AND marked = $3`, run.id, run.syncID, markedYes)
	if err != nil {
		return Expected{}, fmt.Errorf("ledger: memberships: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var expected Expected
	for rows.Next() {
		var contact int64
		var failed bool
		if err := rows.Scan(&contact, &failed); err != nil {
			return Expected{}, fmt.Errorf("ledger: memberships: %w", err)
		}
		expected.Marked++
		switch {
		case !run.reads: // It proves what earlier runs have brought.
		case !has.member(contact):
			expected.Left++
		case failed:
			expected.Stale++
		}
	}
	return expected, rows.Err()
}

// comparedRun is what counts of a run when its segment is compared.
type comparedRun struct {
	id, syncID, workspaceID int64
	// reads: it has read an audience; audit: the segment is compared with that.
	reads, audit bool
	// lastSeenIn is the segment in which a proof saw the sync's contacts last, if the run
	// looks into another one; else empty.
	lastSeenIn string
}

func loadComparedRun(ctx context.Context, db queryer, ref RunRef) (run comparedRun, err error) {
	err = db.QueryRowContext(ctx, `
		SELECT runs.id, syncs.id, workspace_id, plan_only = 0 OR read_opened_at IS NOT NULL, audit,
			CASE WHEN runs.segment = '' OR runs.segment = syncs.segment THEN '' ELSE syncs.segment END
		FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND number = $2`, ref.Sync, ref.Run).
		Scan(&run.id, &run.syncID, &run.workspaceID, &run.reads, &run.audit, &run.lastSeenIn)
	if errors.Is(err, sql.ErrNoRows) {
		return run, fmt.Errorf("run %d of sync %s: %w", ref.Run, ref.Sync, ErrNotFound)
	}
	if err != nil {
		return run, fmt.Errorf("ledger: run: %w", err)
	}
	return run, nil
}

// audienceSeen are the members that a run has read.
type audienceSeen struct{ read, suppressed, invalid *seen }

func loadAudience(ctx context.Context, db rowsQueryer, runID int64) (has audienceSeen, err error) {
	for kind, set := range map[seenKind]**seen{seenRead: &has.read, seenSuppressed: &has.suppressed, seenInvalid: &has.invalid} {
		if *set, err = loadSeen(ctx, db, runID, kind); err != nil {
			return has, err
		}
	}
	return has, nil
}

// member reports whether a contact is in the audience and may be.
func (a audienceSeen) member(contact int64) bool {
	return a.read.has(contact) && !a.suppressed.has(contact)
}

// expected are the members that can be in the segment.
func (a audienceSeen) expected() *seen { return a.read.without(a.suppressed).without(a.invalid) }
