package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// notFoundError is an ErrNotFound that says all in its own words.
type notFoundError struct{ text string }

// Error implements error.
func (e *notFoundError) Error() string { return e.text }

// Unwrap returns ErrNotFound.
func (e *notFoundError) Unwrap() error { return ErrNotFound }

func notFound(format string, args ...any) error { return &notFoundError{fmt.Sprintf(format, args...)} }

// foundRun is a run that a person asked for by number.
type foundRun struct {
	id, syncID, number int64
}

// findRun finds a run of a sync by number; zero is the newest. Its errors say
// what there is.
func (l *Ledger) findRun(ctx context.Context, sync string, number int64) (foundRun, error) {
	syncID, err := l.findSync(ctx, sync)
	if err != nil {
		return foundRun{}, err
	}
	var newest int64
	if err := l.reads.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM runs WHERE sync_id = $1`, syncID).Scan(&newest); err != nil {
		return foundRun{}, fmt.Errorf("ledger: runs of sync %s: %w", sync, err)
	}
	if newest == 0 {
		return foundRun{}, notFound("sync %s has not run yet", sync)
	}
	found := foundRun{syncID: syncID, number: number}
	if number == 0 {
		found.number = newest
	}
	err = l.reads.QueryRowContext(ctx, `SELECT id FROM runs WHERE sync_id = $1 AND number = $2`, syncID, found.number).Scan(&found.id)
	if errors.Is(err, sql.ErrNoRows) {
		return foundRun{}, notFound("sync %s has no run %d: its runs are %s", sync, number, fromTo(newest))
	}
	if err != nil {
		return foundRun{}, fmt.Errorf("ledger: run %d of sync %s: %w", number, sync, err)
	}
	return found, nil
}

// runChoice says which run stands for zero.
type runChoice string

const (
	// sendingRuns are those that send: no plans, proofs and audits.
	sendingRuns runChoice = `plan_only = 0`
	// comparingRuns are all but plans, which read the audience and compare nothing.
	comparingRuns runChoice = `(plan_only = 0 OR audit = 1 OR read_opened_at IS NULL)`
)

// findChosen finds a run of a sync by number; zero is the newest of those that are
// meant or, where there is none yet, the newest of all.
func (l *Ledger) findChosen(ctx context.Context, sync string, number int64, choice runChoice) (foundRun, error) {
	found, err := l.findRun(ctx, sync, number)
	if err != nil || number != 0 {
		return found, err
	}
	newest, err := l.newest(ctx, found.syncID, choice)
	if err != nil {
		return foundRun{}, fmt.Errorf("ledger: runs of sync %s: %w", sync, err)
	}
	if newest == 0 {
		return found, nil
	}
	return l.findRun(ctx, sync, newest)
}

// newest is the number of the newest run of those that are meant, zero without one.
func (l *Ledger) newest(ctx context.Context, syncID int64, choice runChoice) (number int64, err error) {
	err = l.reads.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM runs WHERE sync_id = $1 AND `+string(choice), syncID).Scan(&number)
	return number, err
}

// SendingRun returns a run by number; zero is the newest that sends, is going to or
// tried to, or, where only plans, proofs and audits were made, the newest of these.
func (l *Ledger) SendingRun(ctx context.Context, sync string, number int64) (RunRecord, error) {
	return l.chosen(ctx, sync, number, sendingRuns)
}

// ComparingRun returns a run by number; zero is the newest that is no plan, or, where
// only plans were made, the newest of these.
func (l *Ledger) ComparingRun(ctx context.Context, sync string, number int64) (RunRecord, error) {
	return l.chosen(ctx, sync, number, comparingRuns)
}

func (l *Ledger) chosen(ctx context.Context, sync string, number int64, choice runChoice) (RunRecord, error) {
	found, err := l.findChosen(ctx, sync, number, choice)
	if err != nil {
		return RunRecord{}, err
	}
	runs, err := l.Runs(ctx, sync, found.number, 1)
	if err != nil || len(runs) == 0 {
		return RunRecord{}, err
	}
	return runs[0], nil
}

func fromTo(newest int64) string {
	if newest == 1 {
		return "1 only"
	}
	return fmt.Sprintf("1 to %d", newest)
}

// findSync finds a sync by name.
func (l *Ledger) findSync(ctx context.Context, sync string) (int64, error) {
	var id int64
	err := l.reads.QueryRowContext(ctx, `SELECT id FROM syncs WHERE name = $1`, sync).Scan(&id)
	if err == nil {
		return id, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("ledger: sync %s: %w", sync, err)
	}
	known, err := l.syncNames(ctx)
	if err != nil {
		return 0, fmt.Errorf("ledger: syncs: %w", err)
	}
	if len(known) == 0 {
		return 0, notFound("sync %s has never run on this ledger, and no other sync has: is it the worker's ledger?", sync)
	}
	return 0, notFound("sync %s has never run on this ledger; those that have: %s", sync, strings.Join(known, ", "))
}

// syncNames returns the first names of syncs, enough to see a spelling mistake.
func (l *Ledger) syncNames(ctx context.Context) ([]string, error) {
	return texts(ctx, l.reads, `SELECT name FROM syncs ORDER BY name LIMIT 20`)
}

// texts reads a column of texts.
func texts(ctx context.Context, db rowsQueryer, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}
