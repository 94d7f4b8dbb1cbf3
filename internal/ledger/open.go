package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// Option is a choice of whoever opens a ledger.
type Option func(*options)

type options struct {
	failureSecret []byte
	credential    CredentialFunc
}

// CredentialFunc finds a credential by reference, env:NAME or file:PATH.
type CredentialFunc func(ctx context.Context, reference string) (string, error)

// WithFailureKey keeps the mapped fields of failed members, encrypted with a
// key made of the secret, which has at least 16 bytes. Without it they are not
// kept, and those kept earlier cannot be read.
func WithFailureKey(secret []byte) Option {
	return func(o *options) { o.failureSecret = append([]byte{}, secret...) }
}

// WithCredentials finds the password that a PostgreSQL address names by
// reference, for each new connection.
func WithCredentials(find CredentialFunc) Option {
	return func(o *options) { o.credential = find }
}

// Open opens the ledger at an address and brings its tables up to date:
//
//	sqlite:PATH
//	postgres://USER@HOST:PORT/DATABASE?credential=file:PATH&search_path=SCHEMA
//
// A new file is readable by its owner only: it holds personal data. The schema,
// by default "audiencesync", is made if it is not there. A ledger that a newer program
// has opened is refused (*NewerError). Errors never show a password.
func Open(ctx context.Context, address string, with ...Option) (*Ledger, error) {
	var chosen options
	for _, option := range with {
		option(&chosen)
	}
	l, err := connect(address, chosen)
	if err != nil {
		return nil, err
	}
	if err := l.prepare(ctx, chosen); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger %s: %w", shown(address), err), l.Close())
	}
	return l, nil
}

// Version is the version of the tables when the ledger was opened, and now.
func (l *Ledger) Version() (before, now int64) { return l.from, l.version }

// AddressError says why an address is that of no ledger. It does not hold the address,
// which may hold a password.
type AddressError struct{ why string }

// Error implements error.
func (e *AddressError) Error() string { return "ledger address: " + e.why }

// NewerError says that a newer program has opened a ledger: what its tables hold since,
// this one would neither keep nor heed.
type NewerError struct {
	// Has is the version of the tables, Knows the newest one that this program knows.
	Has, Knows int64
}

// Error implements error.
func (e *NewerError) Error() string {
	return fmt.Sprintf("its tables are of version %d, and this program knows them up to version %d: a newer audiencesync has opened it; use that one, or a backup made before",
		e.Has, e.Knows)
}

func connect(address string, chosen options) (*Ledger, error) {
	if isPostgres(address) {
		return connectPostgres(address, chosen.credential)
	}
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok || path == "" {
		return nil, &AddressError{"write sqlite:PATH or postgres://USER@HOST:PORT/DATABASE"}
	}
	return connectSQLite(path)
}

// shown is an address without what it may hold of secrets.
func shown(address string) string {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return path
	}
	at, err := url.Parse(address)
	if err != nil {
		return "in PostgreSQL"
	}
	return "postgres://" + at.Host + at.EscapedPath()
}

// prepare brings the tables up to date and reads the ledger's identity.
func (l *Ledger) prepare(ctx context.Context, chosen options) error {
	if err := l.migrate(ctx); err != nil {
		return err
	}
	if err := l.load(ctx); err != nil {
		return err
	}
	if chosen.failureSecret == nil {
		return nil
	}
	var err error
	l.failureKey, err = newFailureKey(chosen.failureSecret, l.id)
	return err
}

// migrate brings the tables up to date. Of several who start at once, one does
// it and the others wait.
func (l *Ledger) migrate(ctx context.Context) error {
	folder, dialect, lock := "migrations/sqlite", goose.DialectSQLite3, l.lockFolder
	if l.server != nil {
		folder, dialect, lock = "migrations/postgres", goose.DialectPostgres, l.lockMigrations
	}
	unlock, err := lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, l.db, files)
	if err != nil {
		return err
	}
	if l.from, err = provider.GetDBVersion(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	known := provider.ListSources()
	if newest := known[len(known)-1].Version; l.from > newest {
		return &NewerError{Has: l.from, Knows: newest}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	l.version, err = provider.GetDBVersion(ctx)
	return err
}
