package ledger

import (
	"bytes"
	"context"
	"database/sql"

	"audiencesync/internal/audience"
)

// MostSamples is how many samples of each kind a plan keeps.
const MostSamples = 20

// SampleKind says what a run would do with somebody.
type SampleKind string

// The kinds of samples.
const (
	// SampleNew was never accepted from this sync and would be sent.
	SampleNew SampleKind = "new"
	// SampleChanged was accepted, and would be sent again.
	SampleChanged SampleKind = "changed"
	// SampleLeaver is ours and has left, or may not be in the audience any more.
	SampleLeaver SampleKind = "leaver"
)

// SampleReason is what a word says better than the names of fields do.
type SampleReason string

// The reasons of samples. Most have none: the fields that changed are the reason, or
// that a leaver is not in the audience any more.
const (
	// SampleOfMapping: the mapping changed, or a setting that changes what is sent.
	SampleOfMapping SampleReason = "mapping"
	// SampleOfLabels: no field changed, so it is what Hello Charles knows of the
	// member's tags and options.
	SampleOfLabels SampleReason = "labels"
	// SampleOfDoubt: it is not known what Hello Charles holds.
	SampleOfDoubt SampleReason = "unknown"
	// SampleOfFull: nothing changed, and the run sends everybody.
	SampleOfFull SampleReason = "full"
	// SampleOfFilter: the filter keeps the leaver out now.
	SampleOfFilter SampleReason = "suppressed"
	// SampleOfForgetting: the leaver is to be forgotten.
	SampleOfForgetting SampleReason = "forgotten"
	// SampleOfChecks: the leaver is invalid now.
	SampleOfChecks SampleReason = "invalid"
)

// sampleLog keeps the samples of a plan, as many as there may be.
type sampleLog struct {
	tx    *sql.Tx
	runID int64
	key   *failureKey
	kept  map[SampleKind]int
}

// has reports whether there are enough samples of a kind.
func (l *sampleLog) has(kind SampleKind) bool { return l.kept[kind] >= MostSamples }

// add keeps a sample. Of the values only those of its fields are kept, and a value
// that is not there any more as null.
func (l *sampleLog) add(ctx context.Context, contact int64, kind SampleKind, why SampleReason, fields []string, values audience.Member) error {
	var sealed []byte
	if len(fields) > 0 {
		named := make(audience.Member, len(fields))
		for _, field := range fields {
			named[field] = values[field]
		}
		var err error
		if sealed, err = l.key.seal(named); err != nil {
			return err
		}
	}
	list, err := jsonList(append([]string{}, fields...))
	if err != nil {
		return err
	}
	l.kept[kind]++
	_, err = l.tx.ExecContext(ctx, `INSERT INTO samples (run_id, kind, contact_id, why, fields, raw) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.runID, string(kind), contact, string(why), list, sealed)
	return err
}

// sample keeps a member that would be sent as a sample of a plan.
func (s *sorting) sample(ctx context.Context, contact knownContact, member ReadMember) error {
	kind := SampleChanged
	if contact.marked == 0 {
		kind = SampleNew
	}
	if !s.planOnly || s.samples.has(kind) {
		return nil
	}
	fields, why, err := s.whatChanged(ctx, kind, contact, member)
	if err != nil {
		return err
	}
	return s.samples.add(ctx, contact.id, kind, why, fields, member.Mapped)
}

func (s *sorting) whatChanged(ctx context.Context, kind SampleKind, contact knownContact, member ReadMember) ([]string, SampleReason, error) {
	changed := s.changed
	if changed == nil {
		changed = func(ReadMember, []byte) ([]string, bool, error) { return nil, true, nil }
	}
	if kind == SampleNew {
		fields, _, err := changed(member, nil)
		return fields, "", err
	}
	if bytes.Equal(contact.fingerprint, member.Fingerprint) {
		return nil, SampleOfFull, nil
	}
	// One by one: there are few samples, and no other run asks for the digests.
	var accepted []byte
	if err := s.samples.tx.QueryRowContext(ctx, `
		SELECT field_digests FROM memberships JOIN runs ON runs.sync_id = memberships.sync_id WHERE runs.id = $1 AND contact_id = $2`,
		s.samples.runID, contact.id).Scan(&accepted); err != nil {
		return nil, "", err
	}
	if accepted == nil {
		return nil, SampleOfDoubt, nil
	}
	fields, sameMapping, err := changed(member, accepted)
	switch {
	case err != nil:
		return nil, "", err
	case !sameMapping:
		return nil, SampleOfMapping, nil
	case len(fields) == 0:
		return nil, SampleOfLabels, nil
	}
	return fields, "", nil
}

// sample keeps some of those who left as samples of a plan.
func (d *deciding) sample(ctx context.Context, leaving *seen) error {
	if !d.planOnly {
		return nil
	}
	samples := sampleLog{tx: d.tx, runID: d.runID, kept: map[SampleKind]int{}}
	for _, contact := range leaving.first(MostSamples) {
		var forgotten bool
		if err := d.tx.QueryRowContext(ctx, `SELECT forgotten <> 0 FROM contacts WHERE id = $1`, contact).Scan(&forgotten); err != nil {
			return err
		}
		var why SampleReason
		switch {
		case forgotten:
			why = SampleOfForgetting
		case d.suppressed.has(contact):
			why = SampleOfFilter
		case d.invalid.has(contact):
			why = SampleOfChecks
		}
		if err := samples.add(ctx, contact, SampleLeaver, why, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// countSamples counts the samples that a plan has kept, by kind.
func countSamples(ctx context.Context, tx *sql.Tx, runID int64) (map[SampleKind]int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT kind, count(*) FROM samples WHERE run_id = $1 GROUP BY kind`, runID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	kept := map[SampleKind]int{}
	for rows.Next() {
		var kind SampleKind
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, err
		}
		kept[kind] = n
	}
	return kept, rows.Err()
}

// dropSamples forgets the samples of all plans of a sync.
func dropSamples(ctx context.Context, tx *sql.Tx, syncID int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE run_id IN (SELECT id FROM runs WHERE sync_id = $1)`, syncID)
	return err
}
