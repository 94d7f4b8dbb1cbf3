package ledger

import (
	"bytes"
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

// ReadMember is a member with a usable reference.
type ReadMember struct {
	Reference   string
	Fingerprint []byte
	Mapped      audience.Member
}

// RejectedMember is a member that is settled while reading, without a reference.
type RejectedMember struct {
	// Position is the member's place in its page, from 1.
	Position int
	Reason   audience.Reason
	Field    string
}

// PageInput is one page of the source, looked at.
type PageInput struct {
	Next     audience.Cursor
	Last     bool
	Members  []ReadMember
	Rejected []RejectedMember
}

// PageResult counts what became of the members of one page, or of several.
type PageResult struct {
	Read     int64             `json:"read"`
	Outcomes audience.Outcomes `json:"outcomes"`
	Reasons  map[string]int64  `json:"reasons,omitempty"`
	// Staged members wait in batches.
	Staged int64 `json:"staged"`
}

// Merge adds the counts of other.
func (p *PageResult) Merge(other PageResult) {
	p.Read += other.Read
	p.Outcomes.Merge(other.Outcomes)
	p.Staged += other.Staged
	p.Reasons = mergeCounts(p.Reasons, other.Reasons)
}

func mergeCounts(into, from map[string]int64) map[string]int64 {
	if into == nil && len(from) > 0 {
		into = make(map[string]int64, len(from))
	}
	for name, n := range from {
		into[name] += n
	}
	return into
}

// Reading is the state of a run's read: where it stands, what it has seen, and
// the batch that is being filled. After an error it must be loaded again.
type Reading struct {
	ledger      *Ledger
	ref         RunRef
	workspaceID int64
	batchSize   int
	limit       int64

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

	seen    *seen
	tail    []Staged
	batches int64 // number of the newest batch, full or filling
	staged  int64 // bytes of full batches
}

const (
	readOpen     = 0
	readLastPage = 1
	readComplete = 2
)

// Reading loads the state of a run's read. limit bounds the bytes that the run
// may stage.
func (l *Ledger) Reading(ctx context.Context, ref RunRef, limit int64) (*Reading, error) {
	r := &Reading{ledger: l, ref: ref, limit: limit}
	err := l.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		var done int
		var cursor string
		if err := tx.QueryRowContext(ctx, `
			SELECT workspace_id, batch_size, page, cursor, members_read, read_done, batches, staged_bytes
			FROM runs JOIN syncs ON syncs.id = sync_id WHERE runs.id = ?`, runID).
			Scan(&r.workspaceID, &r.batchSize, &r.Page, &cursor, &r.Read, &done, &r.batches, &r.staged); err != nil {
			return err
		}
		r.Cursor, r.LastCommitted, r.Complete = audience.Cursor(cursor), done >= readLastPage, done == readComplete
		if r.seen, err = loadSeen(ctx, tx, runID); err != nil {
			return err
		}
		return r.loadTail(ctx, tx, runID)
	})
	if err != nil {
		return nil, fmt.Errorf("reading of run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return r, nil
}

func (r *Reading) loadTail(ctx context.Context, tx *sql.Tx, runID int64) error {
	var blob []byte
	err := tx.QueryRowContext(ctx, `SELECT blob FROM batches WHERE run_id = ? AND state = 'filling'`, runID).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	r.tail, err = unpack(blob)
	return err
}

// Commit settles one page in one transaction: duplicates and unchanged members
// have their outcome, members without a usable reference their failure, and
// the others are staged in batches, packed across pages.
func (r *Reading) Commit(ctx context.Context, page PageInput) (PageResult, error) {
	var result PageResult
	err := r.ledger.write(ctx, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, r.ref)
		if err != nil {
			return err
		}
		if err := r.stillAtPage(ctx, tx, runID); err != nil {
			return err
		}
		if result, err = r.sort(ctx, tx, syncID, page); err != nil {
			return err
		}
		if err := r.saveRejected(ctx, tx, runID, page); err != nil {
			return err
		}
		if err := r.saveBatches(ctx, tx, runID, page.Last); err != nil {
			return err
		}
		if err := r.seen.save(ctx, tx, runID); err != nil {
			return err
		}
		return r.advance(ctx, tx, runID, page, result)
	})
	if err != nil {
		return PageResult{}, fmt.Errorf("page %d of run %d of sync %s: %w", r.Page+1, r.ref.Run, r.ref.Sync, err)
	}
	r.Page++
	r.Cursor, r.Read, r.LastCommitted = page.Next, r.Read+result.Read, page.Last
	return result, nil
}

// stillAtPage makes sure that no other attempt has committed the page. The
// transaction holds the ledger's write lock from its start.
func (r *Reading) stillAtPage(ctx context.Context, tx *sql.Tx, runID int64) error {
	var page int64
	var done int
	if err := tx.QueryRowContext(ctx, `SELECT page, read_done FROM runs WHERE id = ?`, runID).Scan(&page, &done); err != nil {
		return err
	}
	if page != r.Page || done != readOpen {
		return ErrMoved
	}
	return nil
}

// sort gives every member of the page its outcome, or puts it into the tail.
func (r *Reading) sort(ctx context.Context, tx *sql.Tx, syncID int64, page PageInput) (PageResult, error) {
	result := PageResult{Read: int64(len(page.Members) + len(page.Rejected))}
	count := func(o audience.Outcome, reason audience.Reason) {
		result.Outcomes.Add(o, 1)
		result.Reasons = mergeCounts(result.Reasons, map[string]int64{string(reason): 1})
	}
	for _, rejected := range page.Rejected {
		count(audience.Invalid, rejected.Reason)
	}
	known, err := r.lookup(ctx, tx, syncID, page.Members)
	if err != nil {
		return result, err
	}
	for i, member := range page.Members {
		contact := known[i]
		switch {
		case !r.seen.add(contact.id):
			count(audience.Duplicate, audience.ReferenceSeenBefore)
		case contact.marked && bytes.Equal(contact.fingerprint, member.Fingerprint):
			result.Outcomes.Add(audience.Unchanged, 1)
		default:
			result.Staged++
			r.tail = append(r.tail, Staged{
				Contact: contact.id, Reference: member.Reference, Fingerprint: member.Fingerprint, Mapped: member.Mapped,
			})
		}
	}
	return result, nil
}

type knownContact struct {
	id          int64
	marked      bool
	fingerprint []byte
}

// lookup finds the contact ids of references, making new ones, and what the
// ledger holds of each for this sync.
func (r *Reading) lookup(ctx context.Context, tx *sql.Tx, syncID int64, members []ReadMember) ([]knownContact, error) {
	if len(members) == 0 {
		return nil, nil
	}
	references := make([]string, len(members))
	for i := range members {
		references[i] = members[i].Reference
	}
	list, err := json.Marshal(references)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO contacts (workspace_id, reference)
		SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, r.workspaceID, string(list)); err != nil {
		return nil, err
	}
	// CROSS JOIN keeps the list in front: the other way round it would be
	// parsed again for every contact.
	rows, err := tx.QueryContext(ctx, `
		SELECT wanted.key, contacts.id, coalesce(marked, 0), fingerprint
		FROM json_each(?) AS wanted
		CROSS JOIN contacts ON contacts.workspace_id = ? AND contacts.reference = wanted.value
		LEFT JOIN memberships ON memberships.sync_id = ? AND memberships.contact_id = contacts.id`,
		string(list), r.workspaceID, syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	known, found := make([]knownContact, len(members)), 0
	for rows.Next() {
		var at, marked int64
		var contact knownContact
		if err := rows.Scan(&at, &contact.id, &marked, &contact.fingerprint); err != nil {
			return nil, err
		}
		contact.marked = marked == markedYes
		known[at] = contact
		found++
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if found != len(members) {
		return nil, fmt.Errorf("%d of %d references were found again after writing them", found, len(members))
	}
	return known, nil
}

func (r *Reading) saveRejected(ctx context.Context, tx *sql.Tx, runID int64, page PageInput) error {
	for _, rejected := range page.Rejected {
		if err := insertFailure(ctx, tx, runID, failure{
			place:   fmt.Sprintf("page %d, member %d", r.Page+1, rejected.Position),
			outcome: audience.Invalid, reason: string(rejected.Reason), field: rejected.Field,
		}); err != nil {
			return err
		}
	}
	return nil
}

// saveBatches writes the full batches of the tail, and the rest as the batch
// that is being filled; at the end of the read the rest is a batch like others.
func (r *Reading) saveBatches(ctx context.Context, tx *sql.Tx, runID int64, last bool) error {
	filling, err := tx.ExecContext(ctx, `DELETE FROM batches WHERE run_id = ? AND state = 'filling'`, runID)
	if err != nil {
		return err
	}
	if n, err := filling.RowsAffected(); err != nil {
		return err
	} else if n > 0 {
		r.batches--
	}
	for len(r.tail) > 0 {
		size, state := min(r.batchSize, len(r.tail)), "staged"
		full := size == r.batchSize || last
		if !full {
			state = "filling"
		}
		blob, err := pack(r.tail[:size])
		if err != nil {
			return err
		}
		r.batches++
		if _, err := tx.ExecContext(ctx, `INSERT INTO batches (run_id, number, state, members, blob) VALUES (?, ?, ?, ?, ?)`,
			runID, r.batches, state, size, blob); err != nil {
			return err
		}
		if !full {
			break
		}
		r.staged += int64(len(blob))
		if r.staged > r.limit {
			return &StagingFullError{LimitMegabytes: r.limit >> 20}
		}
		r.tail = append(r.tail[:0:0], r.tail[size:]...)
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
		UPDATE runs SET page = page + 1, cursor = ?, members_read = members_read + ?, read_done = ?, batches = ?, staged_bytes = ?
		WHERE id = ?`,
		string(page.Next), result.Read, done, r.batches, r.staged, runID); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO pages (run_id, page, result) VALUES (?, ?, ?)`, runID, r.Page+1, string(stored))
	return err
}

// Finish records that the source has confirmed the read as complete.
func (r *Reading) Finish(ctx context.Context) error {
	err := r.ledger.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, r.ref)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE runs SET read_done = ? WHERE id = ? AND read_done >= ?`, readComplete, runID, readLastPage)
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
		WHERE syncs.name = ? AND number = ? AND pages.page > ?`, ref.Sync, ref.Run, from)
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
	return l.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		stored, err := tx.ExecContext(ctx, `UPDATE runs SET snapshot = ?, read_opened_at = ? WHERE id = ? AND snapshot IS NULL`,
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
