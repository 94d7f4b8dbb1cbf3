// Package ledger is the database of what Hello Charles has accepted from us,
// and of everything that a run must not forget: its pages, staged batches,
// outcomes and failures. It is the only place where contact data is kept.
//
// Writes of a run are fenced by the epoch of its sync: once a newer run has
// opened, an older one can change nothing any more.
package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ErrFenced says that a newer run of the sync has opened, or that this run is
// closed: the caller must stop.
var ErrFenced = errors.New("a newer run of this sync has taken over, or this run is closed")

// ErrNotFound says that the ledger has no such run or batch.
var ErrNotFound = errors.New("not in the ledger")

// Ledger is an open ledger database. It is safe for concurrent use.
type Ledger struct {
	// db serves transactions that must survive a power failure.
	db *sql.DB
	// reads serves queries beside them.
	reads *sql.DB
	// budget serves the request budget, which need not survive one.
	budget *sql.DB
	// file is nil on PostgreSQL.
	file *sqliteFile
	// server is nil on SQLite.
	server *postgresServer
	turns  turns
	// The tables' version when the ledger was opened, and now.
	from, version int64
	key           []byte
	id            string
	// failureKey is nil when the fields of failed members are not kept.
	failureKey *failureKey
}

// RunRef names a run. It is all that Temporal's history holds of it.
type RunRef struct {
	Sync  string `json:"sync"`
	Run   int64  `json:"run"`
	Epoch int64  `json:"epoch"`
}

// Close closes the database.
func (l *Ledger) Close() error {
	var upkeep error
	if l.file != nil {
		upkeep = l.file.upkeep.Close()
	}
	return errors.Join(upkeep, l.budget.Close(), l.reads.Close(), l.db.Close())
}

// Key is the key of this ledger's digests.
func (l *Ledger) Key() []byte { return l.key }

// ID identifies this ledger.
func (l *Ledger) ID() string { return l.id }

// Ping reports whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error { return l.reads.PingContext(ctx) }

// load reads the ledger's identity and makes it on first use.
func (l *Ledger) load(ctx context.Context) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("making the ledger's key: %w", err)
	}
	return l.write(ctx, "ledger", func(tx *sql.Tx) error {
		for name, value := range map[string][]byte{"id": []byte(uuid.NewString()), "key": key} {
			if _, err := tx.ExecContext(ctx, `INSERT INTO ledger (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value); err != nil {
				return err
			}
		}
		var id []byte
		if err := tx.QueryRowContext(ctx, `SELECT value FROM ledger WHERE name = 'id'`).Scan(&id); err != nil {
			return err
		}
		l.id = string(id)
		return tx.QueryRowContext(ctx, `SELECT value FROM ledger WHERE name = 'key'`).Scan(&l.key)
	})
}

// fence finds an open run and locks out older ones. The transaction is the only
// one of its sync (see write).
func fence(ctx context.Context, tx *sql.Tx, ref RunRef) (runID, syncID int64, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT runs.id, syncs.id FROM runs JOIN syncs ON syncs.id = runs.sync_id
		WHERE syncs.name = $1 AND syncs.epoch = $2 AND runs.number = $3 AND runs.state = 'open'`,
		ref.Sync, ref.Epoch, ref.Run).Scan(&runID, &syncID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, ErrFenced
	}
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: run: %w", err)
	}
	return runID, syncID, nil
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}
