package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// sqliteFile is what only a ledger in a file has.
type sqliteFile struct {
	path string
	// upkeep empties the write-ahead log.
	upkeep *sql.DB
}

// connectSQLite opens the connections to a ledger in a file.
func connectSQLite(path string) (*Ledger, error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	// WAL with full synchronisation: a committed transaction survives a power
	// failure. One connection: SQLite has one writer.
	db, err := openSQLite(path, pool{synchronous: "FULL", connections: 1, cacheMegabytes: 24, wait: patience})
	if err != nil {
		return nil, err
	}
	// What the budget forgets in a power failure is at most a few send times.
	budget, err := openSQLite(path, pool{synchronous: "NORMAL", connections: 1, cacheMegabytes: 1, wait: patience})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	reads, err := openSQLite(path, pool{synchronous: "NORMAL", connections: 4, cacheMegabytes: 2, wait: patience})
	if err != nil {
		return nil, errors.Join(err, budget.Close(), db.Close())
	}
	upkeep, err := openSQLite(path, pool{synchronous: "FULL", connections: 1, cacheMegabytes: 1, wait: upkeepWait})
	if err != nil {
		return nil, errors.Join(err, reads.Close(), budget.Close(), db.Close())
	}
	return &Ledger{db: db, reads: reads, budget: budget, file: &sqliteFile{path: path, upkeep: upkeep}}, nil
}

func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	return file.Close()
}

// pool is how a set of connections to the file is used.
type pool struct {
	synchronous    string
	connections    int
	cacheMegabytes int // of each connection
	// wait is how long a connection waits for others that keep it from its work.
	wait time.Duration
}

// How long connections wait for each other. Upkeep must not keep anybody waiting.
const (
	patience   = 30 * time.Second
	upkeepWait = 200 * time.Millisecond
)

func openSQLite(path string, p pool) (*sql.DB, error) {
	query := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", p.wait.Milliseconds()),
			"journal_mode(WAL)",
			"synchronous(" + p.synchronous + ")",
			"foreign_keys(ON)",
			"temp_store(MEMORY)",
			// What is dropped is overwritten: it is personal data.
			"secure_delete(ON)",
			fmt.Sprintf("cache_size(-%d)", p.cacheMegabytes*1024),
			"journal_size_limit(67108864)",
		},
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	db.SetMaxOpenConns(p.connections)
	return db, nil
}

// lockFolder makes sure that no other process changes the tables meanwhile: SQLite
// would let both begin. The folder is locked because no file is left behind by it.
func (l *Ledger) lockFolder(ctx context.Context) (unlock func(), err error) {
	folder, err := os.Open(filepath.Dir(l.file.path))
	if err != nil {
		return nil, err
	}
	unlock = func() { _ = folder.Close() } // It goes with the open folder.
	for {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			if err := waitFor(ctx, 10*time.Millisecond); err != nil {
				unlock()
				return nil, fmt.Errorf("waiting for migrations: %w", err)
			}
		case err != nil && !errors.Is(err, errors.ErrUnsupported):
			unlock()
			return nil, fmt.Errorf("locking the folder of the ledger: %w", err)
		default:
			return unlock, nil
		}
	}
}

// emptyLog moves the write-ahead log into the file and empties it: it holds
// dropped personal data until then. While somebody reads or writes, the log stays
// until the next call. PostgreSQL's own upkeep (autovacuum) does such work.
func (l *Ledger) emptyLog(ctx context.Context) error {
	if l.file == nil {
		return nil
	}
	var busy, pages, moved int
	if err := l.file.upkeep.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("ledger: emptying the write-ahead log: %w", err)
	}
	return nil
}
