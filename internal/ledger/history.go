package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// Membership is whether Hello Charles holds a contact as a member of a sync.
type Membership string

// The memberships of a contact.
const (
	// MemberNo: never accepted from this sync.
	MemberNo Membership = "no"
	// MemberYes: accepted.
	MemberYes Membership = "yes"
	// MemberUnknown: sent, and never answered since.
	MemberUnknown Membership = "unknown"
)

// ContactHistory is what the ledger holds of one contact for one sync. It is
// contact data.
type ContactHistory struct {
	// Known says that a sync of the workspace has met the reference.
	Known      bool
	Membership Membership
	// Doubtful says that it is not known which content of the contact Hello Charles
	// holds: the next run sends it.
	Doubtful bool
	// Held says that Hello Charles has confirmed the contact; Gone that it did, and
	// holds it no more.
	Held, Gone bool
	// AcceptedRun is the number of the run of the last acceptance, zero without.
	AcceptedRun int64
	// KnownFailure is nil unless the last that happened was a refusal for good.
	KnownFailure *KnownFailure
	// Failures in past runs, newest first, at most 20.
	Failures []Failure
}

// KnownFailure is a refusal that later runs remember.
type KnownFailure struct {
	Outcome audience.Outcome
	Reason  string
	Field   string
	// Message is Hello Charles' own words, cut.
	Message string
	// FirstRun is the number of the run that met this content first.
	FirstRun int64
	// LastSentAt is when it was last sent, or checked and found invalid.
	LastSentAt time.Time
	// Retry says that the next run sends it again, changed or not.
	Retry bool
}

// Outcomes returns what the ledger holds of one reference for a sync.
func (l *Ledger) Outcomes(ctx context.Context, sync, reference string) (ContactHistory, error) {
	syncID, err := l.findSync(ctx, sync)
	if err != nil {
		return ContactHistory{}, err
	}
	history, err := l.history(ctx, syncID, reference)
	if err != nil {
		return ContactHistory{}, fmt.Errorf("ledger: history of a contact of sync %s: %w", sync, err)
	}
	return history, nil
}

func (l *Ledger) history(ctx context.Context, syncID int64, reference string) (ContactHistory, error) {
	history := ContactHistory{Membership: MemberNo}
	var contact, held int64
	var doubtful bool
	var marked, accepted sql.NullInt64
	err := l.reads.QueryRowContext(ctx, `
		SELECT contacts.id, held, marked, fingerprint IS NULL, runs.number
		FROM syncs JOIN contacts ON contacts.workspace_id = syncs.workspace_id
		LEFT JOIN memberships ON memberships.sync_id = syncs.id AND contact_id = contacts.id
		LEFT JOIN runs ON runs.id = memberships.run
		WHERE syncs.id = $1 AND contacts.reference = $2`, syncID, reference).Scan(&contact, &held, &marked, &doubtful, &accepted)
	if errors.Is(err, sql.ErrNoRows) {
		return history, nil
	}
	if err != nil {
		return ContactHistory{}, err
	}
	history.Known, history.AcceptedRun, history.Membership = true, accepted.Int64, membershipOf(marked.Int64)
	history.Doubtful = marked.Valid && doubtful
	history.Held, history.Gone = held == confirmed, held == confirmedGone
	if history.KnownFailure, err = l.knownFailure(ctx, syncID, contact); err != nil {
		return ContactHistory{}, err
	}
	history.Failures, err = l.pastFailures(ctx, syncID, contact)
	return history, err
}

func (l *Ledger) knownFailure(ctx context.Context, syncID, contact int64) (*KnownFailure, error) {
	var known KnownFailure
	var lastSent sql.NullInt64
	err := l.reads.QueryRowContext(ctx, `
		SELECT outcome, reason, field, message, first_run, last_sent_at, retry FROM known_failures WHERE sync_id = $1 AND contact_id = $2`,
		syncID, contact).
		Scan(&known.Outcome, &known.Reason, &known.Field, &known.Message, &known.FirstRun, &lastSent, &known.Retry)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	known.LastSentAt = fromMicros(lastSent)
	return &known, err
}

func (l *Ledger) pastFailures(ctx context.Context, syncID, contact int64) ([]Failure, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT `+failureColumns+` FROM failures JOIN contacts ON contacts.id = contact_id JOIN runs ON runs.id = run_id
		WHERE contact_id = $1 AND sync_id = $2 ORDER BY run_id DESC, failures.id DESC LIMIT 20`, contact, syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var failures []Failure
	for rows.Next() {
		f, err := l.scanFailure(rows)
		if err != nil {
			return nil, err
		}
		failures = append(failures, f)
	}
	return failures, rows.Err()
}
