package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"audiencesync/internal/audience"
)

// sorting gives every member of one page its outcome, or puts it into the tail.
type sorting struct {
	*Reading

	result   PageResult
	unknown  labelCounts
	failures failureLog
	samples  sampleLog
	// sampleSize is how many members are drawn to be read back.
	sampleSize int
	check      func(ReadMember) (Channels, *Objection)
	changed    func(ReadMember, []byte) ([]string, bool, error)
	// invalid are members that are not sent, and were not held back with this content
	// before.
	invalid    []Staged
	objections []MemberOutcome
	// forgotten are contacts of people who are to be forgotten.
	forgotten []int64
}

// sort sorts a page and writes its failures and unknown labels.
func (r *Reading) sort(ctx context.Context, tx *sql.Tx, runID, syncID int64, page PageInput) (PageResult, error) {
	s := sorting{
		Reading:  r,
		result:   PageResult{Read: int64(len(page.Members) + len(page.Rejected)), Unfilled: page.Unfilled},
		unknown:  labelCounts{},
		failures: failureLog{tx: tx, runID: runID, syncID: syncID, key: r.ledger.failureKey},
		samples:  sampleLog{tx: tx, runID: runID, key: r.ledger.failureKey, kept: r.sampled},
		check:    page.Check,
		changed:  page.Changed,

		sampleSize: page.Sample,
	}
	if err := s.reject(ctx, tx, runID, syncID, page.Rejected); err != nil {
		return PageResult{}, err
	}
	forgotten, err := r.ledger.whoIsForgotten(ctx, tx, len(page.Members), func(i int) string { return page.Members[i].Reference })
	if err != nil {
		return PageResult{}, err
	}
	known, err := r.lookup(ctx, tx, syncID, page.Members, forgotten)
	if err != nil {
		return PageResult{}, err
	}
	for i, member := range page.Members {
		if forgotten[i] {
			s.forget(known[i])
			continue
		}
		if err := s.member(ctx, member, known[i]); err != nil {
			return PageResult{}, err
		}
	}
	err = firstError(
		func() error { return s.failures.flush(ctx) }, // It asks what is known, so it goes first.
		func() error { return s.remember(ctx, tx, runID, syncID) },
		func() error { return s.unknown.save(ctx, tx, runID, LabelUnknown) },
		func() error { return s.drawn.save(ctx, tx, runID) },
		func() error { return keepForgotten(ctx, tx, s.forgotten) },
	)
	s.result.Known = s.failures.known
	return s.result, err
}

// remember keeps what was found invalid now, unless the run only plans.
func (s *sorting) remember(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	if s.planOnly {
		return nil
	}
	if err := unaccept(ctx, tx, syncID, s.invalid); err != nil {
		return err
	}
	return rememberFailures(ctx, tx, syncID, runID, s.invalid, s.objections)
}

func (s *sorting) member(ctx context.Context, member ReadMember, contact knownContact) error {
	if !s.seen.add(contact.id) {
		s.result.count(audience.Duplicate, string(audience.ReferenceSeenBefore))
		return nil
	}
	if member.Suppressed != nil {
		s.suppressed.add(contact.id)
		s.result.count(audience.Suppressed, string(member.Suppressed.Reason))
		return nil
	}
	if len(member.Unknown) > 0 {
		s.result.Unknown++
		s.unknown.add(member.Unknown)
	}
	switch failed := contact.failure; {
	case !s.full && failed != nil && bytes.Equal(failed.fingerprint, member.Fingerprint) &&
		(!s.recreate || failed.reason != string(audience.GoneFromHelloCharles)):
		if failed.outcome == audience.Invalid {
			s.invalids.add(contact.id)
		}
		s.result.count(failed.outcome, failed.reason)
		return s.failures.add(ctx, failure{
			contact: contact.id, known: true, firstRun: failed.firstRun, page: s.Page + 1, position: member.Position,
			fingerprint: member.Fingerprint, outcome: failed.outcome, reason: failed.reason, field: failed.field,
			message: failed.message, mapped: member.Mapped,
		})
	case !s.full && contact.marked == markedYes && bytes.Equal(contact.fingerprint, member.Fingerprint):
		s.result.Outcomes.Add(audience.Unchanged, 1)
		s.draw(Staged{Contact: contact.id, Reference: member.Reference, Fingerprint: member.Fingerprint, Mapped: member.Mapped})
	default:
		return s.stage(ctx, contact, member)
	}
	return nil
}

// forget suppresses a member who is forgotten. One who was marked is a leaver; of
// others the ledger holds no contact, and makes none.
func (s *sorting) forget(contact knownContact) {
	if contact.id == 0 {
		s.result.count(audience.Suppressed, string(audience.Forgotten))
		return
	}
	s.forgotten = append(s.forgotten, contact.id)
	if !s.seen.add(contact.id) {
		s.result.count(audience.Duplicate, string(audience.ReferenceSeenBefore))
		return
	}
	s.suppressed.add(contact.id)
	s.result.count(audience.Suppressed, string(audience.Forgotten))
}

// stage puts a member into the tail, unless it cannot be sent.
func (s *sorting) stage(ctx context.Context, contact knownContact, member ReadMember) error {
	staged := Staged{
		Contact: contact.id, Reference: member.Reference, Fingerprint: member.Fingerprint, Mapped: member.Mapped,
		Page: s.Page + 1, Position: member.Position,
	}
	if s.check != nil {
		sending, why := s.check(member)
		if why != nil {
			return s.objectTo(ctx, staged, *why)
		}
		staged.Channels = sending
	}
	if s.audits {
		return nil
	}
	if contact.held == confirmedGone && !s.recreate && !s.keeps {
		// Every request of this workspace names what would create the contact again.
		return s.objectTo(ctx, staged, Objection{Outcome: audience.Refused, Reason: audience.GoneFromHelloCharles})
	}
	if !s.recreate && s.keeps {
		staged.Held = heldAs(contact.held, contact.channels, staged.Channels)
	}
	s.stagedIn.add(contact.id)
	if contact.held == notConfirmed || s.recreate {
		s.unconfirmed.add(contact.id)
	}
	s.result.Staged++
	if contact.marked == 0 {
		s.result.Joiners++
	}
	s.tail = append(s.tail, staged)
	s.draw(staged)
	return s.sample(ctx, contact, member)
}

// objectTo settles a member that cannot be sent.
func (s *sorting) objectTo(ctx context.Context, member Staged, why Objection) error {
	outcome := audience.Invalid
	if why.Outcome != "" {
		outcome = why.Outcome
	}
	if outcome == audience.Invalid {
		s.invalids.add(member.Contact)
	}
	s.result.count(outcome, string(why.Reason))
	s.invalid = append(s.invalid, member)
	s.objections = append(s.objections, MemberOutcome{Outcome: outcome, Reason: string(why.Reason), Field: why.Field})
	return s.failures.add(ctx, failure{
		contact: member.Contact, page: member.Page, position: member.Position, fingerprint: member.Fingerprint,
		outcome: outcome, reason: string(why.Reason), field: why.Field, mapped: member.Mapped,
	})
}

// rejectionsOf bounds the runs whose rejected members are known in the next one.
const rejectionsOf = 10

// reject settles members without a usable reference. A failure of them is known if the
// last run that came to its end had the same, or one after it that read the whole
// audience: a run that was declined or cancelled makes nothing unknown.
func (s *sorting) reject(ctx context.Context, tx *sql.Tx, runID, syncID int64, rejected []RejectedMember) error {
	known, err := s.knownRejections(ctx, tx, runID, syncID, rejected)
	if err != nil {
		return err
	}
	for i, member := range rejected {
		s.result.count(member.Outcome, string(member.Reason))
		if !member.Outcome.Failed() {
			continue
		}
		firstRun, isKnown := known[i]
		if err := s.failures.add(ctx, failure{
			known: isKnown, firstRun: firstRun, page: s.Page + 1, position: member.Position, fingerprint: member.Fingerprint,
			outcome: member.Outcome, reason: string(member.Reason), field: member.Field, mapped: member.Mapped,
		}); err != nil {
			return err
		}
	}
	return nil
}

// knownRejections returns the first run of each rejected member that was rejected
// last time too, by place in the list.
func (s *sorting) knownRejections(ctx context.Context, tx *sql.Tx, runID, syncID int64, rejected []RejectedMember) (map[int]int64, error) {
	if len(rejected) == 0 {
		return nil, nil
	}
	prints := make([]string, len(rejected))
	for i, member := range rejected {
		prints[i] = hex.EncodeToString(member.Fingerprint)
	}
	list, err := jsonList(prints)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT wanted.key, min(first_run) FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN failures
		WHERE failures.fingerprint = unhex(wanted.atom) AND contact_id IS NULL AND wanted.atom <> ''
			AND run_id IN (
				SELECT id FROM runs WHERE sync_id = $2 AND state = 'closed' AND plan_only = 0 AND read_done = $3 AND id < $4
					AND number >= coalesce((
						SELECT max(number) FROM runs WHERE sync_id = $2 AND state = 'closed' AND plan_only = 0 AND read_done = $3 AND id < $4 AND complete = 1), 0)
				ORDER BY number DESC LIMIT $5)
		GROUP BY wanted.key`, list, syncID, readComplete, runID, rejectionsOf)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	known := map[int]int64{}
	for rows.Next() {
		var at int
		var firstRun int64
		if err := rows.Scan(&at, &firstRun); err != nil {
			return nil, err
		}
		known[at] = firstRun
	}
	return known, rows.Err()
}

type knownContact struct {
	id          int64
	channels    Channels // last accepted
	held        int64
	marked      int64 // zero without a membership
	fingerprint []byte
	// failure is a refusal that still counts, of whatever content.
	failure *knownFailure
}

// lookup finds the contact ids of references, making new ones but for those who are
// forgotten, and what the ledger holds of each for this sync.
func (r *Reading) lookup(ctx context.Context, tx *sql.Tx, syncID int64, members []ReadMember, forgotten map[int]bool) ([]knownContact, error) {
	known, wanted := make([]knownContact, len(members)), make([]int, len(members))
	for i := range wanted {
		wanted[i] = i
	}
	missing, err := r.find(ctx, tx, syncID, members, wanted, known)
	missing = slices.DeleteFunc(missing, func(place int) bool { return forgotten[place] })
	if err != nil || len(missing) == 0 {
		return known, err
	}
	if err := r.makeContacts(ctx, tx, members, missing); err != nil {
		return nil, err
	}
	missing, err = r.find(ctx, tx, syncID, members, missing, known)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%d of %d references were not found after writing them", len(missing), len(members))
	}
	return known, err
}

// makeContacts makes contacts of the members at these places.
func (r *Reading) makeContacts(ctx context.Context, tx *sql.Tx, members []ReadMember, places []int) error {
	references := make([]string, len(places))
	for i, place := range places {
		references[i] = members[place].Reference
	}
	// In one order everywhere: two syncs that make the same contacts in two orders
	// would wait for each other.
	slices.Sort(references)
	list, err := jsonList(references)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO contacts (workspace_id, reference)
		SELECT $1, atom FROM json_each(CAST($2 AS TEXT)) WHERE true ON CONFLICT (workspace_id, reference) DO NOTHING`, r.workspaceID, list)
	return err
}

// find puts what the ledger holds of the wanted members, by their places in the
// list, into known. It returns the places of those that have no contact yet.
func (r *Reading) find(
	ctx context.Context, tx *sql.Tx, syncID int64, members []ReadMember, wanted []int, known []knownContact,
) (missing []int, err error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	references := make([]string, len(wanted))
	for i, place := range wanted {
		references[i] = members[place].Reference
	}
	list, err := jsonList(references)
	if err != nil {
		return nil, err
	}
	// CROSS JOIN keeps the list in front: the other way round it would be
	// parsed again for every contact. What was refused too long ago does not count.
	rows, err := tx.QueryContext(ctx, `
		SELECT wanted.key, contacts.id, contacts.phone, contacts.email, held, coalesce(marked, 0), memberships.fingerprint,
			failed.fingerprint, first_run, outcome, reason, field, message
		FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts
		LEFT JOIN memberships ON memberships.sync_id = $3 AND memberships.contact_id = contacts.id
		LEFT JOIN known_failures AS failed ON failed.sync_id = $3 AND failed.contact_id = contacts.id
			AND failed.known_by = $4 AND failed.retry = 0 AND (failed.outcome = $5 OR failed.last_sent_at > $6)
		WHERE contacts.workspace_id = $2 AND contacts.reference = wanted.atom`,
		list, r.workspaceID, syncID, r.knownBy, string(audience.Invalid), micros(time.Now().Add(-r.retryAfter)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		at, contact, err := scanContact(rows)
		if err != nil {
			return nil, err
		}
		known[wanted[at]] = contact
	}
	for _, place := range wanted {
		if known[place].id == 0 {
			missing = append(missing, place)
		}
	}
	return missing, rows.Err()
}

func scanContact(rows *sql.Rows) (at int, contact knownContact, err error) {
	var failedPrint []byte
	var firstRun sql.NullInt64
	var outcome, reason, field, message sql.NullString
	if err := rows.Scan(&at, &contact.id, &contact.channels.Phone, &contact.channels.Email, &contact.held, &contact.marked, &contact.fingerprint,
		&failedPrint, &firstRun, &outcome, &reason, &field, &message); err != nil {
		return 0, knownContact{}, err
	}
	if outcome.Valid {
		contact.failure = &knownFailure{
			fingerprint: failedPrint, firstRun: firstRun.Int64, outcome: audience.Outcome(outcome.String),
			reason: reason.String, field: field.String, message: message.String,
		}
	}
	return at, contact, nil
}
