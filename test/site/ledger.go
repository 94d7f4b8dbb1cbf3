package site

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// OpenLedger opens the tables of a ledger.
func OpenLedger(address string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(30000)")
	}
	return sql.Open("pgx", address)
}

// LockLedger locks a ledger in a file, as another program would, until unlock is called.
func LockLedger(ctx context.Context, address string) (unlock func() error, err error) {
	db, err := OpenLedger(address)
	if err != nil {
		return nil, err
	}
	connection, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if _, err := connection.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		return nil, errors.Join(err, connection.Close(), db.Close())
	}
	return func() error {
		_, err := connection.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		return errors.Join(err, connection.Close(), db.Close())
	}, nil
}
