package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Opening is what a new run is opened with.
type Opening struct {
	// Token identifies the attempt to open: a repeated call with the same
	// token returns the same run.
	Token string
	// StartedAt is when the run was started. A run that was started before one
	// that is open already comes too late.
	StartedAt time.Time
	Sync      string
	// Workspace, AudienceID and Reference are the permanent parts of a sync: a
	// change under the same name is refused.
	Workspace  string
	AudienceID string
	Reference  string
	// Marker is what no other sync of the workspace may overwrite.
	Marker Marker
	// Spec is the whole sync as it is pinned for this run.
	Spec []byte
	// Segment is the one that the proof of the run looks into; empty without.
	Segment string
	// BatchSize is the number of members of a full batch. The run uses less if
	// such a request was too large for the workspace (see BatchLimit).
	BatchSize int
	// Surroundings is what was found in Hello Charles and what the mapping rests
	// on, as JSON; stored with the run. May be nil.
	Surroundings []byte
	// KnownBy is a digest of what refusals depend on beside the member: a known
	// failure counts in runs with the same digest only.
	KnownBy string
	// Full sends every member again, and those who left: neither fingerprints nor
	// known failures spare a request.
	Full bool
	// Recreate sends contacts that are gone from Hello Charles with everything it
	// takes to create them again.
	Recreate bool
	// PlanOnly says that nothing will be sent; the run remembers nothing.
	PlanOnly bool
	// Audit says that the run reads the audience only to compare the segment with it. It
	// is one of those that send nothing and remember nothing.
	Audit bool
	// Retire says that the run takes all marks of the sync away, without reading its
	// audience. When none is left the sync is closed for ever.
	Retire bool
	// Keeps says that Hello Charles keeps fields that a request does not name. Only
	// then can a contact be sent without what would create it.
	Keeps bool
	// KeepFailuresFor is how long failures, labels that were left out and differences of
	// earlier runs are kept; zero is for ever.
	KeepFailuresFor time.Duration
}

// Marker is the custom property by which the segment of a sync recognises members.
type Marker struct {
	// Property is empty for a sync that marks by a tag.
	Property string
	// Member is the value for members.
	Member string
	// Mirror says that those who left get another value.
	Mirror bool
	// Shared says that the property holds the audiences of all syncs that share it.
	Shared bool
}

// RefusedError says that a sync may not run as it is configured.
type RefusedError struct{ Text string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Text }

// OpenRun opens the next run of a sync. It fences all earlier runs and folds
// those that were left open: members whose request may have left without an
// answer become unknown, and the staging of those runs is dropped. So are the
// samples of the sync's plans, and failures that were kept for long enough.
func (l *Ledger) OpenRun(ctx context.Context, o Opening) (RunRef, error) {
	var ref RunRef
	err := l.write(ctx, o.Sync, func(tx *sql.Tx) error {
		syncID, err := l.ensureSync(ctx, tx, o)
		if err != nil {
			return err
		}
		ref = RunRef{Sync: o.Sync}
		err = tx.QueryRowContext(ctx, `
			SELECT runs.number, syncs.epoch FROM runs JOIN syncs ON syncs.id = runs.sync_id
			WHERE sync_id = $1 AND opening = $2 AND state = 'open'`, syncID, o.Token).Scan(&ref.Run, &ref.Epoch)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := late(ctx, tx, syncID, o); err != nil {
			return err
		}
		if err := fold(ctx, tx, syncID); err != nil {
			return err
		}
		if err := dropSamples(ctx, tx, syncID); err != nil {
			return err
		}
		if err := dropOldFailures(ctx, tx, syncID, o.KeepFailuresFor); err != nil {
			return err
		}
		if err := l.eraseForgotten(ctx, tx, syncID); err != nil {
			return err
		}
		return insertRun(ctx, tx, syncID, o, &ref)
	})
	if err != nil {
		return RunRef{}, fmt.Errorf("opening a run of sync %s: %w", o.Sync, err)
	}
	return ref, nil
}

// late refuses the call of a run that is over: one that a newer run has folded,
// or that was stopped before it was open, while a newer one has started.
func late(ctx context.Context, tx *sql.Tx, syncID int64, o Opening) error {
	var late bool
	err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM runs WHERE sync_id = $1 AND (opening = $2 AND state = 'dead' OR started_at > $3))`,
		syncID, o.Token, micros(o.StartedAt)).Scan(&late)
	if err == nil && late {
		return ErrFenced
	}
	return err
}

func (l *Ledger) ensureSync(ctx context.Context, tx *sql.Tx, o Opening) (int64, error) {
	if err := l.lockWorkspace(ctx, tx, o.Workspace); err != nil {
		return 0, err
	}
	if err := checkMarker(ctx, tx, o); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO workspaces (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`, o.Workspace); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO syncs (name, workspace_id, audience_id, reference)
		SELECT $1, id, $2, $3 FROM workspaces WHERE name = $4 ON CONFLICT (name) DO NOTHING`,
		o.Sync, o.AudienceID, o.Reference, o.Workspace); err != nil {
		return 0, err
	}
	// What nobody has sent anything by is no promise yet: plans and audits are tries.
	if _, err := tx.ExecContext(ctx, `
		UPDATE syncs SET workspace_id = (SELECT id FROM workspaces WHERE name = $1), audience_id = $2, reference = $3
		WHERE name = $4 AND NOT (`+committed+`)`,
		o.Workspace, o.AudienceID, o.Reference, o.Sync); err != nil {
		return 0, err
	}
	id, err := checkSync(ctx, tx, o)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE syncs SET property = $1, member = $2, mirror = $3, shared = $4 WHERE id = $5`,
		o.Marker.Property, o.Marker.Member, zeroOne(o.Marker.Mirror), zeroOne(o.Marker.Shared), id)
	return id, err
}

// committed says in SQL that a sync's permanent parts are fixed: a run of it could send,
// a trial has sent, or somebody has said how it began.
const committed = `EXISTS (SELECT 1 FROM runs WHERE sync_id = syncs.id AND plan_only = 0)
	OR EXISTS (SELECT 1 FROM memberships WHERE sync_id = syncs.id)
	OR EXISTS (SELECT 1 FROM beginnings WHERE sync_id = syncs.id)`

// checkMarker refuses a sync whose marker another sync would overwrite.
func checkMarker(ctx context.Context, tx queryer, o Opening) error {
	if o.Marker.Property == "" {
		return nil
	}
	var other string
	err := tx.QueryRowContext(ctx, `
		SELECT syncs.name FROM syncs JOIN workspaces ON workspaces.id = workspace_id
		WHERE workspaces.name = $1 AND property = $2 AND syncs.name <> $3 AND retired_at IS NULL
			AND (shared <> $4 OR shared = 0 AND (member <> $5 OR mirror + $6 > 0))
		ORDER BY syncs.name LIMIT 1`,
		o.Workspace, o.Marker.Property, o.Sync, zeroOne(o.Marker.Shared), o.Marker.Member, zeroOne(o.Marker.Mirror)).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &RefusedError{fmt.Sprintf(
		"sync %s: sync %s marks contacts of the same workspace with the custom property %q too, and each would overwrite or take the other's mark; give one of them a property of its own (marker.property), or let all of them share it (marker.shared)",
		o.Sync, other, o.Marker.Property)}
}

// checkSync compares the permanent parts of a sync with what the ledger knows.
func checkSync(ctx context.Context, tx queryer, o Opening) (int64, error) {
	var id int64
	var workspace, audienceID, reference string
	var retired sql.NullInt64
	var fixed bool
	err := tx.QueryRowContext(ctx, `
		SELECT syncs.id, workspaces.name, audience_id, reference, retired_at, `+committed+`
		FROM syncs JOIN workspaces ON workspaces.id = workspace_id WHERE syncs.name = $1`, o.Sync).
		Scan(&id, &workspace, &audienceID, &reference, &retired, &fixed)
	if err != nil || !fixed {
		return id, err
	}
	if retired.Valid {
		return 0, &RefusedError{fmt.Sprintf(
			"sync %s was retired on %s: its marks are removed, and its name is not used again; give a new sync another name, and delete the schedule of this one if there is one (audiencesync schedule delete %[1]s)",
			o.Sync, fromMicros(retired).Format(time.DateOnly))}
	}
	for _, part := range []struct{ what, was, is string }{
		{"workspace (base_url and source_type of the destination)", workspace, o.Workspace},
		{"audience.id", audienceID, o.AudienceID},
		{"reference", reference, o.Reference},
	} {
		if part.was != part.is {
			return 0, &RefusedError{fmt.Sprintf(
				"sync %s: %s was %q in earlier runs and is %q now; a sync keeps it for ever: put it back if that is a slip, else give the changed sync a new name",
				o.Sync, part.what, part.was, part.is)}
		}
	}
	return id, nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// CheckOpening reports, without writing, whether OpenRun would refuse.
func (l *Ledger) CheckOpening(ctx context.Context, o Opening) error {
	if err := checkMarker(ctx, l.reads, o); err != nil {
		return err
	}
	_, err := checkSync(ctx, l.reads, o)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func insertRun(ctx context.Context, tx *sql.Tx, syncID int64, o Opening, ref *RunRef) error {
	digest := sha256.Sum256(o.Spec)
	spec := hex.EncodeToString(digest[:])
	if _, err := tx.ExecContext(ctx, `INSERT INTO specs (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, spec, string(o.Spec)); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `UPDATE syncs SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch`, syncID).Scan(&ref.Epoch); err != nil {
		return err
	}
	surroundings, err := keepSurroundings(ctx, tx, o.Surroundings)
	if err != nil {
		return err
	}
	limit, err := batchLimit(ctx, tx, o.Workspace)
	if err != nil {
		return err
	}
	size := o.BatchSize
	if limit > 0 {
		size = min(size, limit)
	}
	return tx.QueryRowContext(ctx, `
		INSERT INTO runs (sync_id, number, opening, spec_digest, surroundings, known_by, full_run, recreate, plan_only, audit, retire, keeps, state, segment, batch_size, started_at, opened_at)
		VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM runs WHERE sync_id = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, $14, $15)
		RETURNING number`,
		syncID, o.Token, spec, surroundings, o.KnownBy, zeroOne(o.Full), zeroOne(o.Recreate), zeroOne(o.PlanOnly || o.Audit), zeroOne(o.Audit), zeroOne(o.Retire), zeroOne(o.Keeps),
		o.Segment, size, micros(o.StartedAt), micros(time.Now())).Scan(&ref.Run)
}

// keepSurroundings stores what most runs share once, and returns its digest.
func keepSurroundings(ctx context.Context, tx *sql.Tx, body []byte) (sql.NullString, error) {
	if body == nil {
		return sql.NullString{}, nil
	}
	digest := sha256.Sum256(body)
	name := sql.NullString{String: hex.EncodeToString(digest[:]), Valid: true}
	_, err := tx.ExecContext(ctx, `INSERT INTO surroundings (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, name, body)
	return name, err
}

// fold closes the runs of a sync that were left open.
func fold(ctx context.Context, tx *sql.Tx, syncID int64) error {
	dead, err := ids(ctx, tx, `SELECT id FROM runs WHERE sync_id = $1 AND state = 'open'`, syncID)
	if err != nil {
		return err
	}
	for _, runID := range dead {
		if err := markUnanswered(ctx, tx, runID, syncID); err != nil {
			return err
		}
		if err := dropStaging(ctx, tx, runID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'dead', closed_at = $1 WHERE id = $2`, micros(time.Now()), runID); err != nil {
			return err
		}
	}
	return nil
}

// markUnanswered makes the members of batches that were sent and never
// settled unknown: they may or may not have arrived, in this batch or in one
// that they came from.
func markUnanswered(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	numbers, err := ids(ctx, tx, `
		SELECT number FROM batches WHERE run_id = $1 AND (state = 'sent' OR state = 'staged' AND unanswered = 1)`, runID)
	if err != nil {
		return err
	}
	for _, number := range numbers {
		batch := Batch{Number: number}
		if err := loadBatch(ctx, tx, runID, &batch); err != nil {
			return fmt.Errorf("batch %d: %w", number, err)
		}
		if err := markUnknown(ctx, tx, syncID, batch, batch.Members); err != nil {
			return err
		}
	}
	return nil
}

// dropStaging deletes the members and bitmaps of a run that has ended.
func dropStaging(ctx context.Context, tx *sql.Tx, runID int64) error {
	if err := giveTurn(ctx, tx, runID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE batches SET blob = NULL WHERE run_id = $1 AND blob IS NOT NULL`, runID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM drawn WHERE run_id = $1`, runID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM seen WHERE run_id = $1`, runID)
	return err
}

func ids(ctx context.Context, db rowsQueryer, query string, args ...any) ([]int64, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		found = append(found, id)
	}
	return found, rows.Err()
}
