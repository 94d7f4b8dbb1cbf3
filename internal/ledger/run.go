package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// Run is what the ledger holds of a run.
type Run struct {
	Ref    RunRef
	Closed bool
	// Spec is the sync as it was pinned.
	Spec []byte
	// Surroundings and KnownBy are what the run was opened with.
	Surroundings []byte
	KnownBy      string
	// Full says that every member is sent again.
	Full bool
	// BatchSize is the number of members of a full batch.
	BatchSize int
	OpenedAt  time.Time
	// ReadOpenedAt is when the snapshot was opened; zero before.
	ReadOpenedAt time.Time
	// Snapshot is nil until the read has opened one.
	Snapshot *audience.Snapshot
	// Batches is the number of the newest batch.
	Batches int64
	// PlanOnly says that nothing is sent.
	PlanOnly bool
	// Audit says that the audience is read only to compare the segment with it.
	Audit bool
	// Retire says that all marks of the sync are taken away.
	Retire bool
	// Decision is nil until it is known who left.
	Decision *Decision
	// Report is nil until the run is closed.
	Report []byte
}

// Run returns a run by reference. An old epoch is ErrFenced.
func (l *Ledger) Run(ctx context.Context, ref RunRef) (Run, error) {
	var spec, state string
	var snapshot, decided, report sql.NullString
	var opened, readOpened sql.NullInt64
	var epoch int64
	run := Run{Ref: ref}
	err := l.reads.QueryRowContext(ctx, `
		SELECT specs.body, surroundings.body, known_by, full_run, state, batch_size, opened_at, read_opened_at, snapshot, batches, plan_only, audit, retire, decided, report, epoch
		FROM runs JOIN syncs ON syncs.id = sync_id JOIN specs ON specs.digest = spec_digest
		LEFT JOIN surroundings ON surroundings.digest = runs.surroundings
		WHERE syncs.name = $1 AND number = $2`, ref.Sync, ref.Run).
		Scan(&spec, &run.Surroundings, &run.KnownBy, &run.Full, &state, &run.BatchSize, &opened, &readOpened, &snapshot, &run.Batches, &run.PlanOnly, &run.Audit, &run.Retire, &decided, &report, &epoch)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Run{}, fmt.Errorf("run %d of sync %s: %w", ref.Run, ref.Sync, ErrNotFound)
	case err != nil:
		return Run{}, fmt.Errorf("run %d of sync %s: %w", ref.Run, ref.Sync, err)
	case state == "dead", state == "open" && epoch != ref.Epoch:
		return Run{}, fmt.Errorf("run %d of sync %s: %w", ref.Run, ref.Sync, ErrFenced)
	}
	run.Spec, run.Closed = []byte(spec), state == "closed"
	run.OpenedAt, run.ReadOpenedAt = fromMicros(opened), fromMicros(readOpened)
	if report.Valid {
		run.Report = []byte(report.String)
	}
	if decided.Valid {
		run.Decision = new(Decision)
		if err := json.Unmarshal([]byte(decided.String), run.Decision); err != nil {
			return Run{}, fmt.Errorf("run %d of sync %s: decision: %w", ref.Run, ref.Sync, err)
		}
	}
	if snapshot.Valid {
		run.Snapshot = new(audience.Snapshot)
		if err := json.Unmarshal([]byte(snapshot.String), run.Snapshot); err != nil {
			return Run{}, fmt.Errorf("run %d of sync %s: snapshot: %w", ref.Run, ref.Sync, err)
		}
	}
	return run, nil
}

// Closing is what a run is closed with.
type Closing struct {
	Report []byte
	// Complete says that the run came to its end, whatever its verdict is.
	Complete bool
	// Good says that it ended well: what "audiencesync run" ends with exit code 0 for.
	Good bool
	// Proved says that Hello Charles holds every contact that the ledger has as
	// marked for the sync. Compared says that a comparison tells who is held.
	Proved, Compared bool
}

// CloseRun stores the report, drops the staging and closes the run. A run that
// is closed already keeps its first report. How the sending went is kept beside it.
// Who is to be forgotten and was unmarked is erased.
func (l *Ledger) CloseRun(ctx context.Context, ref RunRef, with Closing) error {
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := l.learnFrom(ctx, tx, ref, syncID, with); err != nil {
			return err
		}
		if err := dropStaging(ctx, tx, runID); err != nil {
			return err
		}
		if err := retire(ctx, tx, runID, syncID); err != nil {
			return err
		}
		if err := closeCourse(ctx, tx, runID, syncID); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE runs SET state = 'closed', closed_at = $1, report = $2, complete = $3, good = $4 WHERE id = $5`,
			micros(time.Now()), string(with.Report), zeroOne(with.Complete), zeroOne(with.Good), runID); err != nil {
			return err
		}
		return l.eraseForgotten(ctx, tx, syncID)
	})
	if err == nil {
		err = l.emptyLog(ctx)
	}
	if err != nil {
		return fmt.Errorf("closing run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return nil
}

// learnFrom records what the proof of a run has shown.
func (l *Ledger) learnFrom(ctx context.Context, tx *sql.Tx, ref RunRef, syncID int64, with Closing) error {
	if !with.Proved && !with.Compared {
		return nil
	}
	if err := l.lockContacts(ctx, tx, syncID); err != nil {
		return err
	}
	run, err := loadComparedRun(ctx, tx, ref)
	if err != nil {
		return err
	}
	if with.Compared {
		return learn(ctx, tx, run)
	}
	if err := confirmMembers(ctx, tx, syncID); err != nil {
		return err
	}
	return seenIn(ctx, tx, run)
}

// retire closes the sync for ever after a run that has taken all its marks away.
func retire(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE syncs SET retired_at = $1
		WHERE id = $2 AND EXISTS (SELECT 1 FROM runs WHERE runs.id = $3 AND retire = 1 AND plan_only = 0 AND decided IS NOT NULL)
			AND NOT EXISTS (SELECT 1 FROM memberships WHERE sync_id = $2)`, micros(time.Now()), syncID, runID)
	return err
}

// ReadOpenedSince reports whether a run of the sync opened its read at or
// after a time.
func (l *Ledger) ReadOpenedSince(ctx context.Context, sync string, since time.Time) (bool, error) {
	var found bool
	err := l.reads.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND plan_only = 0 AND read_opened_at >= $2)`,
		sync, micros(since)).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("runs of sync %s: %w", sync, err)
	}
	return found, nil
}
