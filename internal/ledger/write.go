package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// mostTries is how often a transaction is tried in all.
const mostTries = 6

// write runs f in one transaction, beside which there is no other one of the
// same sync or workspace, in whatever process. When PostgreSQL gives a
// transaction up (deadlock, serialization, lost connection) f is run again from
// its beginning: it must keep nothing of the try before.
//
// An error of the commit itself is returned, because it may have happened: all
// writes are fenced or can be repeated.
func (l *Ledger) write(ctx context.Context, of string, f func(*sql.Tx) error) error {
	giveBack, err := l.takeTurn(ctx, of)
	if err != nil {
		return err
	}
	defer giveBack()
	for tries := 1; ; tries++ {
		again, err := l.try(ctx, of, f)
		if err == nil || !again || tries == mostTries {
			return err
		}
		if waitFor(ctx, 10*time.Millisecond<<tries) != nil {
			return err
		}
	}
}

// try runs f in one transaction. again says that it left nothing behind, for a
// reason that passes.
func (l *Ledger) try(ctx context.Context, of string, f func(*sql.Tx) error) (again bool, err error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return l.passes(nil, err), fmt.Errorf("ledger: connecting: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return l.passes(conn, err), fmt.Errorf("ledger: begin: %w", err)
	}
	if err = l.lock(ctx, tx, of); err == nil {
		err = f(tx)
	}
	if err != nil {
		// Without a connection there is nothing to roll back.
		rolledBack := tx.Rollback()
		again = l.passes(conn, err)
		if !again {
			err = errors.Join(err, ignoreDone(rolledBack))
		}
		return again, err
	}
	if err := tx.Commit(); err != nil {
		return l.gaveUp(err), fmt.Errorf("ledger: commit: %w", err)
	}
	return false, nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
