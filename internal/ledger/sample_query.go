package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"audiencesync/internal/audience"
)

// Sample is one of those of whom a plan says what a run would do. It is contact data.
type Sample struct {
	Reference string
	Kind      SampleKind
	Why       SampleReason
	// Fields are the names of the fields that changed; of a new member, of those that
	// it has.
	Fields []string

	key    *failureKey
	sealed []byte
}

// HasValues reports whether the new values of the fields were kept.
func (s *Sample) HasValues() bool { return len(s.sealed) > 0 }

// Values decrypts the new values of the fields, nil for a field that is empty now.
// There are none where they were not kept, and it is ErrNoFailureKey or ErrOtherKey
// where the key is not the one they were encrypted with.
func (s *Sample) Values() (audience.Member, error) { return s.key.open(s.sealed) }

// Samples returns the samples of a plan, by its number: new members first, then
// changed ones and leavers, at most so many of each kind. They are gone once the next
// run or plan of the sync has opened, which is ErrNotFound.
func (l *Ledger) Samples(ctx context.Context, sync string, plan int64, most int) ([]Sample, error) {
	run, err := l.findRun(ctx, sync, plan)
	if err != nil {
		return nil, err
	}
	var planOnly, followed bool
	if err := l.reads.QueryRowContext(ctx, `
		SELECT plan_only = 1, EXISTS (SELECT 1 FROM runs AS newer WHERE newer.sync_id = runs.sync_id AND newer.number > runs.number)
		FROM runs WHERE id = $1`, run.id).Scan(&planOnly, &followed); err != nil {
		return nil, fmt.Errorf("samples of plan %d of sync %s: %w", run.number, sync, err)
	}
	switch {
	case !planOnly:
		return nil, notFound("run %d of sync %s in this ledger is no plan: is it the worker's ledger?", run.number, sync)
	case followed:
		return nil, notFound("the samples of plan %d of sync %s are dropped, because a newer run or plan has opened", run.number, sync)
	}
	rows, err := l.reads.QueryContext(ctx, `
		SELECT reference, kind, why, fields, raw FROM (
			SELECT reference, kind, why, fields, raw, contact_id, row_number() OVER (PARTITION BY kind ORDER BY contact_id) AS place
			FROM samples JOIN contacts ON contacts.id = contact_id WHERE run_id = $1
		) AS ranked
		WHERE place <= $2 ORDER BY CASE kind WHEN 'new' THEN 1 WHEN 'changed' THEN 2 ELSE 3 END, contact_id`, run.id, most)
	if err != nil {
		return nil, fmt.Errorf("samples of plan %d of sync %s: %w", run.number, sync, err)
	}
	defer func() { _ = rows.Close() }()
	var samples []Sample
	for rows.Next() {
		s, err := l.scanSample(rows)
		if err != nil {
			return nil, fmt.Errorf("samples of plan %d of sync %s: %w", run.number, sync, err)
		}
		samples = append(samples, s)
	}
	return samples, rows.Err()
}

func (l *Ledger) scanSample(rows *sql.Rows) (Sample, error) {
	s := Sample{key: l.failureKey}
	var fields string
	if err := rows.Scan(&s.Reference, &s.Kind, &s.Why, &fields, &s.sealed); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(fields), &s.Fields)
}
