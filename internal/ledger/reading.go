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

// ErrMoved says that another attempt was faster: load again what is stored, it counts.
var ErrMoved = errors.New("another attempt was faster; what it stored counts")

// StagingFullError says that a run may not stage more.
type StagingFullError struct{ LimitMegabytes int64 }

// Error implements error.
func (e *StagingFullError) Error() string {
	return fmt.Sprintf("the run has staged more than %d MB in the ledger; raise limits.staging_megabytes or sync a smaller audience", e.LimitMegabytes)
}

// Reading is the state of a run's read: where it stands, what it has seen, and
// the batch that is being filled. After an error it must be loaded again.
type Reading struct {
	ledger      *Ledger
	ref         RunRef
	workspaceID int64
	batchSize   int
	limit       int64
	retryAfter  time.Duration
	knownBy     string
	full        bool
	recreate    bool
	planOnly    bool
	// audits says that nobody is to be sent: no batch is staged.
	audits bool
	// keeps says that Hello Charles keeps fields that a request does not name.
	keeps bool

	// Page is the number of pages committed.
	Page int64
	// Cursor is where the next page starts.
	Cursor audience.Cursor
	// Read is the number of members read.
	Read int64
	// LastCommitted says that the last page has been committed.
	LastCommitted bool
	// Complete says that the source has confirmed the read as complete.
	Complete bool

	seen        *seen
	suppressed  *seen
	invalids    *seen
	stagedIn    *seen
	unconfirmed *seen
	sampled     map[SampleKind]int // samples that a plan has kept
	drawn       draw
	tail        []Staged
	batches     int64 // number of the newest batch, full or filling
	staged      int64 // bytes of full batches
}

const (
	readOpen     = 0
	readLastPage = 1
	readComplete = 2
)

// Reading loads the state of a run's read. limit bounds the bytes that the run
// may stage. A member that Hello Charles refused is sent again once retryAfter
// has passed, changed or not.
func (l *Ledger) Reading(ctx context.Context, ref RunRef, limit int64, retryAfter time.Duration) (*Reading, error) {
	r := &Reading{ledger: l, ref: ref, limit: limit, retryAfter: retryAfter}
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		return r.load(ctx, tx, runID)
	})
	if err != nil {
		return nil, fmt.Errorf("reading of run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return r, nil
}

// sets are the contacts that the run has seen.
func (r *Reading) sets() map[seenKind]**seen {
	return map[seenKind]**seen{
		seenRead: &r.seen, seenSuppressed: &r.suppressed, seenInvalid: &r.invalids, seenStaged: &r.stagedIn,
		seenUnconfirmed: &r.unconfirmed,
	}
}

func (r *Reading) load(ctx context.Context, tx *sql.Tx, runID int64) error {
	var done int
	var cursor string
	err := tx.QueryRowContext(ctx, `
		SELECT workspace_id, batch_size, known_by, full_run, recreate, plan_only, audit, keeps, page, cursor, members_read, read_done, batches, staged_bytes
		FROM runs JOIN syncs ON syncs.id = sync_id WHERE runs.id = $1`, runID).
		Scan(&r.workspaceID, &r.batchSize, &r.knownBy, &r.full, &r.recreate, &r.planOnly, &r.audits, &r.keeps, &r.Page, &cursor, &r.Read, &done, &r.batches, &r.staged)
	if err != nil {
		return err
	}
	r.Cursor, r.LastCommitted, r.Complete = audience.Cursor(cursor), done >= readLastPage, done == readComplete
	for kind, set := range r.sets() {
		if *set, err = loadSeen(ctx, tx, runID, kind); err != nil {
			return err
		}
	}
	if r.sampled, err = countSamples(ctx, tx, runID); err != nil {
		return err
	}
	r.drawn = newDraw(r.ledger.key, r.ref.Run)
	if err := r.drawn.load(ctx, tx, runID); err != nil {
		return err
	}
	return r.loadTail(ctx, tx, runID)
}

func (r *Reading) loadTail(ctx context.Context, tx *sql.Tx, runID int64) error {
	var blob []byte
	r.tail = nil
	err := tx.QueryRowContext(ctx, `SELECT blob FROM batches WHERE run_id = $1 AND number = $2 AND state = 'filling'`, runID, r.batches).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	r.tail, err = unpack(blob)
	return err
}

// Commit settles one page in one transaction: duplicates, suppressed and
// unchanged members have their outcome, known failures and members without a
// usable reference their failure, and the others are staged in batches, packed
// across pages.
func (r *Reading) Commit(ctx context.Context, page PageInput) (PageResult, error) {
	var result PageResult
	at, tried := r.Page, false
	err := r.ledger.write(ctx, r.ref.Sync, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, r.ref)
		if err != nil {
			return err
		}
		if err := stillAtPage(ctx, tx, runID, at); err != nil {
			return err
		}
		if tried { // What the try before has seen and staged is not in the ledger.
			if err := r.load(ctx, tx, runID); err != nil {
				return err
			}
		}
		tried = true
		if result, err = r.sort(ctx, tx, runID, syncID, page); err != nil {
			return err
		}
		if err := r.saveBatches(ctx, tx, runID, page.Last); err != nil {
			return err
		}
		for _, set := range r.sets() {
			if err := (*set).save(ctx, tx, runID); err != nil {
				return err
			}
		}
		return r.advance(ctx, tx, runID, page, result)
	})
	if err != nil {
		return PageResult{}, fmt.Errorf("page %d of run %d of sync %s: %w", at+1, r.ref.Run, r.ref.Sync, err)
	}
	r.Page++
	r.Cursor, r.Read, r.LastCommitted = page.Next, r.Read+result.Read, page.Last
	return result, nil
}

// stillAtPage makes sure that no other attempt has committed the page. The
// transaction is the only one of its sync.
func stillAtPage(ctx context.Context, tx *sql.Tx, runID, at int64) error {
	var page int64
	var done int
	if err := tx.QueryRowContext(ctx, `SELECT page, read_done FROM runs WHERE id = $1`, runID).Scan(&page, &done); err != nil {
		return err
	}
	if page != at || done != readOpen {
		return ErrMoved
	}
	return nil
}

func (r *Reading) advance(ctx context.Context, tx *sql.Tx, runID int64, page PageInput, result PageResult) error {
	stored, err := json.Marshal(result)
	if err != nil {
		return err
	}
	done := readOpen
	if page.Last {
		done = readLastPage
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE runs SET page = page + 1, cursor = $1, members_read = members_read + $2, read_done = $3, batches = $4, staged_bytes = $5
		WHERE id = $6`,
		string(page.Next), result.Read, done, r.batches, r.staged, runID); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO pages (run_id, page, result) VALUES ($1, $2, $3)`, runID, r.Page+1, string(stored))
	return err
}

// Finish records that the source has confirmed the read as complete.
func (r *Reading) Finish(ctx context.Context) error {
	err := r.ledger.write(ctx, r.ref.Sync, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, r.ref)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE runs SET read_done = $1 WHERE id = $2 AND read_done >= $3`, readComplete, runID, readLastPage)
		return err
	})
	if err != nil {
		return fmt.Errorf("finishing the read of run %d of sync %s: %w", r.ref.Run, r.ref.Sync, err)
	}
	r.Complete = true
	return nil
}

// PageResults returns the stored results of all pages after from, added up.
func (l *Ledger) PageResults(ctx context.Context, ref RunRef, from int64) (PageResult, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT result FROM pages JOIN runs ON runs.id = run_id JOIN syncs ON syncs.id = sync_id
		WHERE syncs.name = $1 AND number = $2 AND pages.page > $3`, ref.Sync, ref.Run, from)
	if err != nil {
		return PageResult{}, fmt.Errorf("ledger: pages: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var sum PageResult
	for rows.Next() {
		var raw string
		if err := rows.Scan(&raw); err != nil {
			return PageResult{}, fmt.Errorf("ledger: pages: %w", err)
		}
		var page PageResult
		if err := json.Unmarshal([]byte(raw), &page); err != nil {
			return PageResult{}, fmt.Errorf("ledger: pages: %w", err)
		}
		sum.Merge(page)
	}
	return sum, rows.Err()
}

// SetSnapshot stores the snapshot that the run reads. The first one stays: for a
// second one it returns ErrMoved.
func (l *Ledger) SetSnapshot(ctx context.Context, ref RunRef, snapshot audience.Snapshot, at time.Time) error {
	raw, err := json.Marshal(snapshot)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		stored, err := tx.ExecContext(ctx, `UPDATE runs SET snapshot = $1, read_opened_at = $2 WHERE id = $3 AND snapshot IS NULL`,
			string(raw), micros(at), runID)
		if err != nil {
			return err
		}
		if n, err := stored.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrMoved)
		}
		return nil
	})
}
