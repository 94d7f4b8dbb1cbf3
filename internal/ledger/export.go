package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrNoExportKey says that a ledger without a failure key cannot keep the
// members of an export.
var ErrNoExportKey = errors.New("the members of sets of changes are kept in the ledger, encrypted, and the ledger was opened without a key: " +
	"give a failure key (--failure-key env:NAME or file:PATH, made with `openssl rand -hex 32`), the same one to every worker and command")

// Export is the audience of one sync as sets of changes have described it. It is
// safe for concurrent use: writes of whoever has an old state return ErrMoved.
type Export struct {
	ledger *Ledger
	sync   string
}

// Export returns the audience that a sync keeps. Without a failure key it is
// ErrNoExportKey.
func (l *Ledger) Export(sync string) (*Export, error) {
	if l.failureKey == nil {
		return nil, ErrNoExportKey
	}
	return &Export{ledger: l, sync: sync}, nil
}

// KeyID identifies the failure key that members are encrypted with.
func (e *Export) KeyID() string { return hex.EncodeToString(e.ledger.failureKey.id) }

// digestBytes is how much of a digest is kept: enough for any audience.
const digestBytes = 16

// Digest returns the keyed digest of what identifies a member.
func (e *Export) Digest(values ...string) []byte {
	mac := hmac.New(sha256.New, e.ledger.key)
	mac.Write([]byte("member of an export"))
	var length [8]byte
	for _, value := range values {
		binary.BigEndian.PutUint64(length[:], uint64(len(value)))
		mac.Write(length[:])
		mac.Write([]byte(value))
	}
	return mac.Sum(nil)[:digestBytes]
}

// ExportState is what has been applied. A failed write leaves it as it was.
type ExportState struct {
	// Version grows with every set that begins to be applied.
	Version int64
	// Members are there now; those of a set that is being applied among them.
	Members int64
	// Sets are those since the last full one, which is the first. Only the last
	// can still be in the making.
	Sets []ExportSet

	id, changes, lastMember int64
}

// ExportSet is one set of files.
type ExportSet struct {
	// Name of the set, and Place in the order of sets.
	Name, Place string
	// Full says that it replaces all members.
	Full bool
	// Basis is what its members were kept with, and Files what it was made of; both
	// are the source's own.
	Basis, Files string
	// AsOf is when its newest file was written.
	AsOf time.Time
	// Applied says that it was applied as a whole; until then Cursor is where to go on.
	Applied bool
	Cursor  string
	Counts  ExportCounts

	number, firstMember int64
}

// ExportCounts are what became of the records of a set.
type ExportCounts struct {
	// Inserted became members, and Known were inserted and members already.
	Inserted int64 `json:"inserted,omitempty"`
	Known    int64 `json:"known,omitempty"`
	// Repeated were inserted by the same set before: the later record counts.
	Repeated int64 `json:"repeated,omitempty"`
	// Updated were members; UpdatedUnknown were not, and became members.
	Updated        int64 `json:"updated,omitempty"`
	UpdatedUnknown int64 `json:"updated_unknown,omitempty"`
	// Deleted were members, DeletedUnknown were not.
	Deleted        int64 `json:"deleted,omitempty"`
	DeletedUnknown int64 `json:"deleted_unknown,omitempty"`
	// Replaced were members before a full set, and are not in it.
	Replaced int64 `json:"replaced,omitempty"`
	// WithoutKey are updates and deletes of nobody: their key is empty.
	WithoutKey int64 `json:"without_key,omitempty"`
}

// Records is how many records were applied.
func (c ExportCounts) Records() int64 {
	return c.Inserted + c.Known + c.Repeated + c.Updated + c.UpdatedUnknown + c.Deleted + c.DeletedUnknown + c.WithoutKey
}

// Last returns the set that was begun last, nil if there is none.
func (s *ExportState) Last() *ExportSet {
	if len(s.Sets) == 0 {
		return nil
	}
	return &s.Sets[len(s.Sets)-1]
}

const (
	exportApplying = "applying"
	exportApplied  = "applied"
)

// State loads what has been applied.
func (e *Export) State(ctx context.Context) (*ExportState, error) {
	rows, err := e.ledger.reads.QueryContext(ctx, `
		SELECT exports.id, changes, version, members, last_member,
			number, name, place, full_set, basis, files, as_of, state, cursor, first_member, counts
		FROM exports LEFT JOIN export_sets ON export_id = exports.id WHERE sync = $1 ORDER BY number`, e.sync)
	if err != nil {
		return nil, e.failed("state", err)
	}
	defer func() { _ = rows.Close() }()
	state := &ExportState{}
	for rows.Next() {
		if err := state.scan(rows); err != nil {
			return nil, e.failed("state", err)
		}
	}
	return state, e.failed("state", rows.Err())
}

func (s *ExportState) scan(rows *sql.Rows) error {
	var (
		number, full, asOf, first                        sql.NullInt64
		name, place, basis, files, stands, cursor, count sql.NullString
	)
	if err := rows.Scan(&s.id, &s.changes, &s.Version, &s.Members, &s.lastMember,
		&number, &name, &place, &full, &basis, &files, &asOf, &stands, &cursor, &first, &count); err != nil {
		return err
	}
	if !number.Valid {
		return nil
	}
	set := ExportSet{
		Name: name.String, Place: place.String, Full: full.Int64 == 1, Basis: basis.String, Files: files.String, AsOf: fromMicros(asOf),
		Applied: stands.String == exportApplied, Cursor: cursor.String, number: number.Int64, firstMember: first.Int64,
	}
	if err := json.Unmarshal([]byte(count.String), &set.Counts); err != nil {
		return fmt.Errorf("counts of set %s: %w", set.Name, err)
	}
	s.Sets = append(s.Sets, set)
	return nil
}

// failed names the sync; nil stays nil.
func (e *Export) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("export of sync %s: %s: %w", e.sync, what, err)
}

// change runs f in one transaction on the state of next, a copy of the state,
// which becomes the state when it is committed. f starts from next alone, so
// that it can be repeated.
func (e *Export) change(ctx context.Context, what string, state *ExportState, f func(tx *sql.Tx, next *ExportState) error) error {
	var next ExportState
	err := e.ledger.write(ctx, e.sync, func(tx *sql.Tx) error {
		next = *state
		next.Sets = append([]ExportSet{}, state.Sets...)
		moved, err := tx.ExecContext(ctx, `
			UPDATE exports SET changes = changes + 1 WHERE sync = $1 AND changes = $2`, e.sync, state.changes)
		if err != nil {
			return err
		}
		if n, err := moved.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrMoved)
		}
		next.changes++
		if err := f(tx, &next); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE exports SET version = $1, members = $2, last_member = $3 WHERE id = $4`,
			next.Version, next.Members, next.lastMember, next.id)
		return err
	})
	if err != nil {
		return e.failed(what, err)
	}
	*state = next
	return nil
}

// Begin records that a set is being applied, before its first record is: from
// here on nobody reads the members of an earlier version. A full set begins a
// new row of sets, and may begin while another set is in the making.
func (e *Export) Begin(ctx context.Context, state *ExportState, set ExportSet) error {
	if state.id == 0 {
		if err := e.create(ctx, state); err != nil {
			return e.failed("set "+set.Name, err)
		}
	}
	return e.change(ctx, "set "+set.Name, state, func(tx *sql.Tx, next *ExportState) error {
		last := next.Last()
		switch {
		case set.Full:
			if _, err := tx.ExecContext(ctx, `DELETE FROM export_sets WHERE export_id = $1`, next.id); err != nil {
				return err
			}
			next.Sets = nil
		case last == nil || !last.Applied:
			return errors.New("a set of changes follows a set that was applied as a whole")
		default:
			set.number = last.number
		}
		next.Version++
		set.number, set.firstMember = set.number+1, next.lastMember+1
		set.Applied, set.Cursor, set.Counts = false, "", ExportCounts{}
		next.Sets = append(next.Sets, set)
		full := 0
		if set.Full {
			full = 1
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO export_sets (export_id, number, name, place, full_set, basis, files, as_of, state, first_member, counts)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}')`,
			next.id, set.number, set.Name, set.Place, full, set.Basis, set.Files, micros(set.AsOf), exportApplying, set.firstMember)
		return err
	})
}

// create gives the sync its row.
func (e *Export) create(ctx context.Context, state *ExportState) error {
	return e.ledger.write(ctx, e.sync, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO exports (sync) VALUES ($1) ON CONFLICT (sync) DO NOTHING`, e.sync); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT id FROM exports WHERE sync = $1`, e.sync).Scan(&state.id)
	})
}

// sweepMembers is how many members of before a full set go in one transaction.
const sweepMembers = 5000

// End completes the set that is being applied. Members who are not in a full set
// go, some with every call: call it until done.
func (e *Export) End(ctx context.Context, state *ExportState) (done bool, err error) {
	err = e.change(ctx, "end of a set", state, func(tx *sql.Tx, next *ExportState) error {
		set := next.Last()
		done = true
		if set.Full {
			swept, err := tx.ExecContext(ctx, `
				DELETE FROM export_members WHERE export_id = $1 AND number IN (
					SELECT number FROM export_members WHERE export_id = $1 AND number < $2 ORDER BY number LIMIT $3)`,
				next.id, set.firstMember, sweepMembers)
			if err != nil {
				return err
			}
			gone, err := swept.RowsAffected()
			if err != nil {
				return err
			}
			next.Members -= gone
			set.Counts.Replaced += gone
			done = gone < sweepMembers
		}
		set.Applied = done
		return saveSet(ctx, tx, next)
	})
	return done && err == nil, err
}

func saveSet(ctx context.Context, tx *sql.Tx, state *ExportState) error {
	set := state.Last()
	counts, err := json.Marshal(set.Counts)
	if err != nil {
		return err
	}
	stands := exportApplying
	if set.Applied {
		stands = exportApplied
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE export_sets SET state = $1, cursor = $2, counts = $3 WHERE export_id = $4 AND number = $5`,
		stands, set.Cursor, string(counts), state.id, set.number)
	return err
}

// SameFiles records that a set was written again with the same content, so that
// it need not be compared again.
func (e *Export) SameFiles(ctx context.Context, state *ExportState, at int, files string) error {
	return e.change(ctx, "set "+state.Sets[at].Name, state, func(tx *sql.Tx, next *ExportState) error {
		next.Sets[at].Files = files
		_, err := tx.ExecContext(ctx, `UPDATE export_sets SET files = $1 WHERE export_id = $2 AND number = $3`,
			files, next.id, next.Sets[at].number)
		return err
	})
}
