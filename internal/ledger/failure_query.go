package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"audiencesync/internal/audience"
)

// FailureQuery chooses failures of one run.
type FailureQuery struct {
	Sync string
	// Run is the number of the run; zero is that of SendingRun.
	Run int64
	// NewOnly leaves out what an earlier run met already.
	NewOnly bool
	// Reason is a reason, or its part before the colon; empty chooses all.
	Reason string
	// Limit bounds the number of failures; zero or less means all.
	Limit int
}

// Failure is one member that was not taken. It is contact data.
type Failure struct {
	Run int64
	// Reference is empty for a member without a usable one.
	Reference string
	// Leaver says that it is not a member: the marker could not be taken away.
	Leaver  bool
	Outcome audience.Outcome
	Reason  string
	Field   string
	// Place says where the member was: its page and position, or its batch.
	Place string
	// Batch is zero for a member that was settled while reading.
	Batch int64
	// Sends is the number of requests that carried the member in this run.
	Sends int
	// Message is Hello Charles' own words, cut.
	Message string
	// Known says that an earlier run met the failure with the same content.
	Known bool
	// FirstRun is the number of the run that met this content first.
	FirstRun int64

	key    *failureKey
	sealed []byte
}

// Raw decrypts the member's mapped fields. It is nil where they were not kept,
// and ErrNoFailureKey or ErrOtherKey where the key is not the one they were
// encrypted with.
func (f *Failure) Raw() (audience.Member, error) { return f.key.open(f.sealed) }

// failurePage is the number of failures that are read at a time: nothing is
// held open in the database between two of them.
const failurePage = 1000

// Failures returns the failures of a run in the order in which they were met.
// The first error ends the sequence.
func (l *Ledger) Failures(ctx context.Context, q FailureQuery) iter.Seq2[Failure, error] {
	return func(yield func(Failure, error) bool) {
		run, err := l.findChosen(ctx, q.Sync, q.Run, sendingRuns)
		if err != nil {
			yield(Failure{}, err)
			return
		}
		var after int64
		for left := q.Limit; ; {
			size := failurePage
			if q.Limit > 0 {
				size = min(size, left)
			}
			page, last, err := l.failurePage(ctx, run, q, after, size)
			if err != nil {
				yield(Failure{}, fmt.Errorf("failures of run %d of sync %s: %w", run.number, q.Sync, err))
				return
			}
			for _, f := range page {
				if !yield(f, nil) {
					return
				}
			}
			left -= len(page)
			if len(page) < size || q.Limit > 0 && left == 0 {
				return
			}
			after = last
		}
	}
}

func (l *Ledger) failurePage(ctx context.Context, run foundRun, q FailureQuery, after int64, size int) (page []Failure, last int64, err error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT `+failureColumns+`, failures.id FROM failures LEFT JOIN contacts ON contacts.id = contact_id JOIN runs ON runs.id = run_id
		WHERE run_id = $1 AND failures.id > $2 AND ($3 = 0 OR known = 0)
			AND (CAST($4 AS TEXT) = '' OR reason = $4 OR substr(reason, 1, length($4) + 1) = $4 || ':')
		ORDER BY failures.id LIMIT $5`, run.id, after, zeroOne(q.NewOnly), q.Reason, size)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		f, err := l.scanFailure(rows, &last)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, f)
	}
	return page, last, rows.Err()
}

const failureColumns = `runs.number, coalesce(contacts.reference, ''), outcome, reason, field, message, known, first_run, failures.page, position, batch, sends, raw, leaver`

func (l *Ledger) scanFailure(rows *sql.Rows, more ...any) (Failure, error) {
	f := Failure{key: l.failureKey}
	var page, position int64
	err := rows.Scan(append([]any{
		&f.Run, &f.Reference, &f.Outcome, &f.Reason, &f.Field, &f.Message, &f.Known, &f.FirstRun, &page, &position, &f.Batch, &f.Sends, &f.sealed, &f.Leaver,
	}, more...)...)
	if f.Place = fmt.Sprintf("page %d, member %d", page, position); f.Leaver {
		f.Place = "left the audience"
	}
	return f, err
}
