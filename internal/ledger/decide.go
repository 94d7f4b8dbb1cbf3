package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"audiencesync/internal/audience"
)

// ErrReadIncomplete says that a run may not decide who left: its read did not
// come to its end.
var ErrReadIncomplete = errors.New("the read is not complete, so nobody can be said to have left")

// Deciding is what a decision rests on beside what the run has read.
type Deciding struct {
	// Mirror takes the marker from those who left.
	Mirror bool
	// RemoveInvalid counts members that are invalid now among those who left.
	RemoveInvalid bool
	// Removal is the fingerprint of taking the marker away: a leaver for whom that
	// was refused is not asked for again before RetryAfter has passed.
	Removal    []byte
	RetryAfter time.Duration
	// StagingLimit bounds the bytes that the run may stage.
	StagingLimit int64
}

// Numbers are batches from From to To, counted from 1; none if To is less than
// From, or zero.
type Numbers struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Count is how many there are.
func (n Numbers) Count() int64 {
	if n.To == 0 {
		return 0
	}
	return max(n.To-n.From+1, 0)
}

// Decision is who leaves, and what that moves.
type Decision struct {
	// FirstRun says that no run of the sync has come to its end yet.
	FirstRun bool `json:"first_run,omitempty"`
	// Marked contacts were ours before the run.
	Marked int64 `json:"marked"`
	// Leavers of them are not in the audience any more, or may not be. KnownLeavers
	// of those were refused by an earlier run and are not sent again.
	Leavers      int64 `json:"leavers"`
	KnownLeavers int64 `json:"known_leavers,omitempty"`
	// KnownReasons say why those were refused.
	KnownReasons map[string]int64 `json:"known_reasons,omitempty"`
	// Moves of the leavers share a phone number or an email address with a member.
	Moves int64 `json:"moves,omitempty"`
	// MarkedAgain are members who need no other request, and whose marker may go
	// with a leaver.
	MarkedAgain int64 `json:"marked_again,omitempty"`
	// Twice of the members to be sent take a second request if Hello Charles
	// confirms them, and TwiceBatches batches hold some of those.
	Twice        int64 `json:"twice,omitempty"`
	TwiceBatches int64 `json:"twice_batches,omitempty"`
	// Members, LeaverBatches and MarkBatches are the numbers of the batches.
	Members       Numbers `json:"members"`
	LeaverBatches Numbers `json:"leaver_batches"`
	MarkBatches   Numbers `json:"mark_batches"`
}

// Decide finds out, once the read is complete, who left, and stages the requests
// that take the marker away. A repeated call returns the stored decision.
func (l *Ledger) Decide(ctx context.Context, ref RunRef, on Deciding) (Decision, error) {
	var decision Decision
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		decision = Decision{}
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		d := deciding{Deciding: on, tx: tx, runID: runID, syncID: syncID, ledger: l}
		var stored sql.NullString
		var done int
		if err := tx.QueryRowContext(ctx, `
			SELECT retire, plan_only, workspace_id, batch_size, known_by, full_run, read_done, batches, staged_bytes, decided FROM runs JOIN syncs ON syncs.id = sync_id WHERE runs.id = $1`, runID).
			Scan(&d.retire, &d.planOnly, &d.workspaceID, &d.batchSize, &d.knownBy, &d.full, &done, &d.batches, &d.staged, &stored); err != nil {
			return err
		}
		switch {
		case stored.Valid:
			return json.Unmarshal([]byte(stored.String), &decision)
		case done != readComplete && !d.retire:
			return ErrReadIncomplete
		}
		if decision, err = d.decide(ctx); err != nil {
			return err
		}
		return d.save(ctx, decision)
	})
	if err != nil {
		return Decision{}, fmt.Errorf("deciding about run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return decision, nil
}

// deciding is a Decide in the making.
type deciding struct {
	Deciding

	ledger      *Ledger
	tx          *sql.Tx
	runID       int64
	syncID      int64
	workspaceID int64
	batchSize   int
	retire      bool
	planOnly    bool
	knownBy     string
	full        bool
	batches     int64 // number of the newest
	staged      int64 // bytes

	read, suppressed, invalid, waiting *seen
}

func (d *deciding) decide(ctx context.Context) (Decision, error) {
	decision := Decision{Members: Numbers{1, d.batches}}
	for kind, set := range map[seenKind]**seen{
		seenRead: &d.read, seenSuppressed: &d.suppressed, seenInvalid: &d.invalid, seenStaged: &d.waiting,
	} {
		var err error
		if *set, err = loadSeen(ctx, d.tx, d.runID, kind); err != nil {
			return Decision{}, err
		}
	}
	err := d.tx.QueryRowContext(ctx, `SELECT coalesce(sum(twice), 0), count(nullif(twice, 0)) FROM batches WHERE run_id = $1`, d.runID).
		Scan(&decision.Twice, &decision.TwiceBatches)
	if err != nil {
		return Decision{}, err
	}
	err = d.tx.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM runs WHERE sync_id = $1 AND complete = 1)`, d.syncID).Scan(&decision.FirstRun)
	if err != nil {
		return Decision{}, err
	}
	leaving := newSeen(seenLeft)
	if decision.Marked, decision.Leavers, err = d.findLeavers(ctx, leaving); err != nil {
		return Decision{}, err
	}
	if err := d.sample(ctx, leaving); err != nil {
		return Decision{}, err
	}
	if !d.Mirror || decision.Leavers == 0 {
		decision.LeaverBatches, decision.MarkBatches = d.none(), d.none()
		return decision, nil
	}
	if err := leaving.save(ctx, d.tx, d.runID); err != nil {
		return Decision{}, err
	}
	from := d.batches + 1
	if decision.KnownReasons, err = d.stageLeavers(ctx, leaving); err != nil {
		return Decision{}, err
	}
	for _, n := range decision.KnownReasons {
		decision.KnownLeavers += n
	}
	decision.LeaverBatches = Numbers{from, d.batches}
	from = d.batches + 1
	if decision.Moves, decision.MarkedAgain, err = d.stageMarks(ctx, leaving); err != nil {
		return Decision{}, err
	}
	decision.MarkBatches = Numbers{from, d.batches}
	return decision, nil
}

func (d *deciding) none() Numbers { return Numbers{d.batches + 1, d.batches} }

// stays reports whether a contact is in the audience and may be.
func (d *deciding) stays(contact int64) bool {
	return !d.retire && d.read.has(contact) && !d.suppressed.has(contact) && (!d.RemoveInvalid || !d.invalid.has(contact))
}

// walkMemberships is how many memberships are looked at by one query.
const walkMemberships = 20_000

// findLeavers puts those who left into a set.
func (d *deciding) findLeavers(ctx context.Context, leaving *seen) (marked, leavers int64, err error) {
	forgotten, err := d.erasedMembers(ctx)
	if err != nil {
		return 0, 0, err
	}
	for after := int64(0); ; {
		contacts, err := ids(ctx, d.tx, `
			SELECT contact_id FROM memberships WHERE sync_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3`, d.syncID, after, walkMemberships)
		if err != nil || len(contacts) == 0 {
			return marked, leavers, err
		}
		for _, contact := range contacts {
			marked++
			if !forgotten[contact] && !d.stays(contact) && leaving.add(contact) {
				leavers++
			}
		}
		after = contacts[len(contacts)-1]
	}
}

// erasedMembers are members who are forgotten and whose marker stayed, because nobody
// took markers away. Nobody can any more, for want of their references: where markers
// are taken away now, they are no members from here on.
func (d *deciding) erasedMembers(ctx context.Context) (map[int64]bool, error) {
	contacts, err := ids(ctx, d.tx, `
		SELECT contacts.id FROM contacts JOIN memberships ON contact_id = contacts.id WHERE sync_id = $1 AND forgotten = 2 AND forgotten > 0`, d.syncID)
	if err != nil || len(contacts) == 0 {
		return nil, err
	}
	if (d.Mirror || d.retire) && !d.planOnly {
		_, err := d.tx.ExecContext(ctx, `
			DELETE FROM memberships WHERE sync_id = $1 AND contact_id IN (SELECT id FROM contacts WHERE forgotten = 2 AND forgotten > 0)`, d.syncID)
		return nil, err
	}
	found := make(map[int64]bool, len(contacts))
	for _, contact := range contacts {
		found[contact] = true
	}
	return found, nil
}

// stageLeavers stages those whose marker is to be taken away, and records those
// for whom that is known to be refused.
func (d *deciding) stageLeavers(ctx context.Context, leaving *seen) (known map[string]int64, err error) {
	failures := failureLog{tx: d.tx, runID: d.runID, syncID: d.syncID}
	var tail []Staged
	err = leaving.each(d.batchSize, func(contacts []int64) error {
		members, refused, err := d.leavers(ctx, contacts)
		if err != nil {
			return err
		}
		for _, f := range refused {
			known = mergeCounts(known, map[string]int64{f.reason: 1})
			if err := failures.add(ctx, f); err != nil {
				return err
			}
		}
		tail, err = d.stageFull(ctx, BatchLeavers, append(tail, members...))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := d.stage(ctx, BatchLeavers, tail); err != nil {
		return nil, err
	}
	return known, failures.flush(ctx)
}

// leavers returns leavers as they are staged, and those for whom an earlier run
// was refused.
func (d *deciding) leavers(ctx context.Context, contacts []int64) (members []Staged, refused []failure, err error) {
	list, err := jsonList(contacts)
	if err != nil {
		return nil, nil, err
	}
	rows, err := d.tx.QueryContext(ctx, `
		SELECT contacts.id, reference, first_run, outcome, reason, field, message
		FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts
		LEFT JOIN known_failures AS failed ON failed.sync_id = $2 AND failed.contact_id = contacts.id
			AND failed.fingerprint = $3 AND failed.known_by = $4 AND failed.retry = 0 AND failed.last_sent_at > $5 AND $6 = 0
		WHERE contacts.id = CAST(wanted.atom AS BIGINT)`,
		list, d.syncID, d.Removal, d.knownBy, micros(time.Now().Add(-d.RetryAfter)), zeroOne(d.full))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		member := Staged{Fingerprint: d.Removal}
		var firstRun sql.NullInt64
		var outcome, reason, field, message sql.NullString
		if err := rows.Scan(&member.Contact, &member.Reference, &firstRun, &outcome, &reason, &field, &message); err != nil {
			return nil, nil, err
		}
		if !outcome.Valid {
			members = append(members, member)
			continue
		}
		refused = append(refused, failure{
			contact: member.Contact, leaver: true, known: true, firstRun: firstRun.Int64, fingerprint: d.Removal,
			outcome: audience.Outcome(outcome.String), reason: reason.String, field: field.String, message: message.String,
		})
	}
	return members, refused, rows.Err()
}

// stageFull writes the full batches of those who wait, and returns the others.
func (d *deciding) stageFull(ctx context.Context, kind BatchKind, waiting []Staged) ([]Staged, error) {
	for len(waiting) >= d.batchSize {
		if err := d.stage(ctx, kind, waiting[:d.batchSize]); err != nil {
			return nil, err
		}
		waiting = slices.Clone(waiting[d.batchSize:])
	}
	return waiting, nil
}

// stage writes one batch.
func (d *deciding) stage(ctx context.Context, kind BatchKind, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	blob, err := pack(members)
	if err != nil {
		return err
	}
	d.batches++
	if d.staged += int64(len(blob)); d.staged > d.StagingLimit {
		return &StagingFullError{LimitMegabytes: d.StagingLimit >> 20}
	}
	_, err = d.tx.ExecContext(ctx, `INSERT INTO batches (run_id, number, kind, state, members, blob) VALUES ($1, $2, $3, 'staged', $4, $5)`,
		d.runID, d.batches, string(kind), len(members), blob)
	return err
}

func (d *deciding) save(ctx context.Context, decision Decision) error {
	stored, err := json.Marshal(decision)
	if err != nil {
		return err
	}
	_, err = d.tx.ExecContext(ctx, `UPDATE runs SET decided = $1, batches = $2, staged_bytes = $3 WHERE id = $4`,
		string(stored), d.batches, d.staged, d.runID)
	return err
}
