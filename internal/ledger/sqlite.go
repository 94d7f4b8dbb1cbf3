package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database driver "sqlite"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Option is a choice of whoever opens a ledger.
type Option func(*options)

type options struct{ failureSecret []byte }

// WithFailureKey keeps the mapped fields of failed members, encrypted with a
// key made of the secret, which has at least 16 bytes. Without it they are not
// kept, and those kept earlier cannot be read.
func WithFailureKey(secret []byte) Option {
	return func(o *options) { o.failureSecret = append([]byte{}, secret...) }
}

// Open opens the ledger at "sqlite:PATH" and brings its tables up to date. A
// new file is readable by its owner only: it holds personal data.
func Open(ctx context.Context, address string, with ...Option) (*Ledger, error) {
	var chosen options
	for _, option := range with {
		option(&chosen)
	}
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("ledger address %q: write sqlite:PATH", address)
	}
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
	l := &Ledger{db: db, reads: reads, budget: budget, upkeep: upkeep, turn: make(chan struct{}, 1)}
	if err := l.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger %s: %w", path, err), l.Close())
	}
	if err := l.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger %s: %w", path, err), l.Close())
	}
	if chosen.failureSecret != nil {
		if l.failureKey, err = newFailureKey(chosen.failureSecret, l.id); err != nil {
			return nil, errors.Join(fmt.Errorf("ledger %s: %w", path, err), l.Close())
		}
	}
	return l, nil
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

// emptyLog moves the write-ahead log into the file and empties it: it holds
// dropped personal data until then. While somebody reads or writes, the log stays
// until the next call.
func (l *Ledger) emptyLog(ctx context.Context) error {
	var busy, pages, moved int
	if err := l.upkeep.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("ledger: emptying the write-ahead log: %w", err)
	}
	return nil
}

func (l *Ledger) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, l.db, files)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}
