package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"audiencesync/internal/audience"
)

// Settle stores the outcomes of the first len(outcomes) members of the batch as
// the caller holds it, in one transaction, and returns the batch as it is then.
// Members that are to be sent again move to a later batch. When none is left
// the batch is settled. ErrMoved says that another attempt has settled some of
// these members meanwhile: nothing is stored.
func (l *Ledger) Settle(ctx context.Context, ref RunRef, of Batch, outcomes []MemberOutcome) (Batch, error) {
	number := of.Number
	var batch Batch
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		batch = Batch{Number: number}
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := l.lockContacts(ctx, tx, syncID); err != nil {
			return err
		}
		if err := loadBatch(ctx, tx, runID, &batch); err != nil {
			return err
		}
		// Members leave a batch from its front only: as many are the same ones.
		if len(batch.Members) != len(of.Members) {
			return ErrMoved
		}
		if len(outcomes) > len(batch.Members) {
			return fmt.Errorf("%d outcomes for %d members", len(outcomes), len(batch.Members))
		}
		s := settlement{
			runID: runID, syncID: syncID, batch: batch, key: l.failureKey,
			again:   child{of: batch, tries: batch.Tries + 1, unanswered: true},
			untried: child{of: batch, tries: batch.Tries, unanswered: batch.sends > 1},
			whole:   child{of: batch, whole: true, unanswered: batch.sends > 1},
		}
		result := s.count(batch.Members[:len(outcomes)], outcomes)
		if result.Known, result.RefusedAgain, err = s.store(ctx, tx, batch.Members[:len(outcomes)], outcomes); err != nil {
			return err
		}
		if batch.Kind == BatchLeavers {
			result.Known = 0 // It is a part of the members' failures.
		}
		if batch.Next, err = s.moveOn(ctx, tx); err != nil {
			return err
		}
		batch.Result.merge(result)
		batch.Members = batch.Members[len(outcomes):]
		for _, o := range outcomes {
			batch.told += o.Sends
		}
		return saveProgress(ctx, tx, runID, &batch)
	})
	if err != nil {
		return Batch{}, batchError(ref, number, err)
	}
	return batch, nil
}

// count adds up what became of members or leavers. A member whose marker was sent
// again has its outcome already, and another one only if that failed.
func (s *settlement) count(members []Staged, outcomes []MemberOutcome) BatchResult {
	var result BatchResult
	for i, o := range outcomes {
		if o.Outcome == "" {
			continue
		}
		counted := &result.Reasons
		switch {
		case s.batch.Kind == BatchLeavers:
			result.Leavers.Add(o.Outcome, 1)
			counted = &result.LeaverReasons
		case s.batch.Kind == BatchMarks && o.Outcome.Took():
			result.MarkedAgain++
			continue
		case s.batch.Kind == BatchMarks && members[i].Failed:
			continue
		case s.batch.Kind == BatchMarks:
			result.Outcomes.Add(audience.Unchanged, -1)
			result.Outcomes.Add(o.Outcome, 1)
		default:
			result.Outcomes.Add(o.Outcome, 1)
		}
		if o.Reason != "" {
			*counted = mergeCounts(*counted, map[string]int64{o.Reason: 1})
		}
		for _, withheld := range o.Withheld {
			result.Withheld = mergeCounts(result.Withheld, map[string]int64{withheld.Target: 1})
		}
	}
	return result
}

// settlement is the settling of members of one batch.
type settlement struct {
	runID, syncID int64
	batch         Batch
	key           *failureKey

	// again takes the members to be sent on their own, untried those to be sent
	// together as if this request had not been, and whole those to be sent with what
	// would have created them.
	again, untried, whole child
}

// store writes the memberships of accepted and unresolved members, the failures,
// what is known of them from now on, and the labels that were left out. It
// returns how many failures were known, and how many of those refused again.
func (s *settlement) store(ctx context.Context, tx *sql.Tx, members []Staged, outcomes []MemberOutcome) (known, again int64, err error) {
	var taken, removed, unknown, passing, refused, doubtful, gone []Staged
	var takings, refusals []MemberOutcome
	labels := labelCounts{}
	failures := failureLog{tx: tx, runID: s.runID, syncID: s.syncID, key: s.key}
	for i, member := range members {
		o := outcomes[i]
		if o.Outcome != "" {
			labels.add(o.Withheld)
		}
		switch {
		case o.Outcome == "":
			s.move(member, o)
		case o.Outcome.Took():
			if s.batch.Kind == BatchMembers {
				member.FieldDigests = o.FieldDigests
			}
			taken, takings = append(taken, member), append(takings, o)
		case o.Outcome == audience.Removed:
			removed = append(removed, member)
		case o.Outcome == audience.Gone:
			gone = append(gone, member)
		case o.Outcome == audience.Unresolved:
			unknown = append(unknown, member)
		case o.Outcome == audience.Invalid, o.Outcome == audience.Refused && o.Permanent && s.batch.Kind != BatchMarks:
			refused, refusals = append(refused, member), append(refusals, o)
		default:
			passing = append(passing, member)
		}
		if o.Gone {
			gone = append(gone, member)
		} else if o.Outcome == audience.Refused && s.mayHaveArrivedBefore(o) {
			doubtful = append(doubtful, member)
		}
		if o.Outcome.Failed() && (s.batch.Kind != BatchMarks || !member.Failed) {
			if err := failures.add(ctx, s.failure(member, o)); err != nil {
				return 0, 0, err
			}
		}
	}
	err = firstError(
		func() error { return failures.flush(ctx) }, // It asks what is known, so it goes first.
		func() error { return s.markTaken(ctx, tx, taken, takings) },
		func() error { return s.markUnknown(ctx, tx, unknown) },
		func() error { return unaccept(ctx, tx, s.syncID, slices.Concat(passing, refused)) },
		func() error { return s.doubt(ctx, tx, doubtful) },
		func() error { return rememberFailures(ctx, tx, s.syncID, s.runID, refused, refusals) },
		func() error { return forgetFailures(ctx, tx, s.syncID, slices.Concat(passing, taken, removed)) },
		func() error { return removeMembers(ctx, tx, s.syncID, removed) },
		func() error { return markGone(ctx, tx, s.syncID, gone) },
		func() error { return labels.save(ctx, tx, s.runID, LabelWithheld) },
		func() error { return noteFits(ctx, tx, s.syncID, together(outcomes)) },
	)
	return failures.known, failures.refusedAgain, err
}

// together is the number of contacts that were taken from one request.
func together(outcomes []MemberOutcome) int {
	contacts := 0
	for _, o := range outcomes {
		if o.Sends > 0 {
			return 1 // They were sent one by one.
		}
		if o.Outcome.Took() {
			contacts++
		}
	}
	return contacts
}

func (s *settlement) move(member Staged, o MemberOutcome) {
	to := &s.again
	switch {
	case o.Untried:
		to = &s.untried
	case o.Whole:
		to = &s.whole
	}
	to.members, to.carried = append(to.members, member), max(to.carried, s.sends(o))
}

// sends is the number of requests that carried a member by now.
func (s *settlement) sends(o MemberOutcome) int {
	switch {
	case o.Outcome == audience.Invalid:
		return 0 // Our own checks said no.
	case o.Sends > 0:
		return s.batch.carried + o.Sends
	default:
		return s.batch.carried + s.batch.sends
	}
}

// mayHaveArrivedBefore reports whether a request other than the last one may have
// brought the member's content to Hello Charles.
func (s *settlement) mayHaveArrivedBefore(o MemberOutcome) bool {
	sends := o.Sends
	if sends == 0 {
		sends = s.batch.sends
	}
	return s.batch.unanswered || sends > 1
}

func (s *settlement) failure(member Staged, o MemberOutcome) failure {
	return failure{
		contact: member.Contact, page: member.Page, position: member.Position, batch: s.batch.Number, sends: s.sends(o),
		fingerprint: member.Fingerprint, outcome: o.Outcome, reason: o.Reason, field: o.Field, message: o.Message, mapped: member.Mapped,
		leaver: s.batch.Kind == BatchLeavers,
	}
}

// moveOn puts the members that are to be sent again into batches of their own,
// and returns all batches that members of this one moved to.
func (s *settlement) moveOn(ctx context.Context, tx *sql.Tx) ([]int64, error) {
	next := s.batch.Next
	for _, c := range []child{s.whole, s.untried, s.again} {
		if len(c.members) == 0 {
			continue
		}
		number, err := insertBatch(ctx, tx, s.runID, c)
		if err != nil {
			return nil, err
		}
		next = append(next, number)
	}
	return next, nil
}

// markTaken records what Hello Charles took. Members whose marker was sent again
// have been taken before, in another run.
func (s *settlement) markTaken(ctx context.Context, tx *sql.Tx, members []Staged, outcomes []MemberOutcome) error {
	if len(members) == 0 {
		return nil
	}
	if s.batch.Kind == BatchMarks {
		return acceptAgain(ctx, tx, s.syncID, members)
	}
	list, err := contactsAndDigests(members)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked, fingerprint, field_digests, run)
		SELECT $1, CAST(value ->> 0 AS BIGINT), $2, unhex(value ->> 1), nullif(unhex(value ->> 2), unhex('')), $3
		FROM json_each(CAST($4 AS TEXT)) WHERE true
		ON CONFLICT (sync_id, contact_id) DO UPDATE SET
			marked = excluded.marked, fingerprint = excluded.fingerprint, field_digests = excluded.field_digests, run = excluded.run`,
		s.syncID, markedYes, s.runID, list); err != nil {
		return err
	}
	return keepChannels(ctx, tx, s.batch.Whole, members, outcomes)
}

func (s *settlement) markUnknown(ctx context.Context, tx *sql.Tx, members []Staged) error {
	return markUnknown(ctx, tx, s.syncID, s.batch, members)
}

// markUnknown records that nobody knows what Hello Charles holds of contacts of a
// batch, which ends what was known of their refusals. A member that was marked
// before still is, whether its request arrived or not; that is not so when the
// request was about a leaver.
func markUnknown(ctx context.Context, tx *sql.Tx, syncID int64, batch Batch, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	list, err := contactList(members)
	if err != nil {
		return err
	}
	marked := `excluded.marked`
	if batch.Kind == BatchMembers {
		marked = `memberships.marked`
	}
	if _, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked)
		SELECT $1, CAST(atom AS BIGINT), $2 FROM json_each(CAST($3 AS TEXT)) WHERE true
		ON CONFLICT (sync_id, contact_id) DO UPDATE SET marked = `+marked+`, fingerprint = NULL, field_digests = NULL`,
		syncID, markedUnknown, list); err != nil {
		return err
	}
	if err := forgetFailures(ctx, tx, syncID, members); err != nil || batch.Kind != BatchMembers {
		return err
	}
	return doubtChannels(ctx, tx, batch.Whole, members)
}

// doubt records of members that were refused, after a request with the same
// content that nobody answered, that Hello Charles may hold either: they are ours,
// and no earlier content counts as accepted any more.
func (s *settlement) doubt(ctx context.Context, tx *sql.Tx, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	if s.batch.Kind == BatchMembers {
		if err := doubtChannels(ctx, tx, s.batch.Whole, members); err != nil {
			return err
		}
	}
	list, err := contactList(members)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked)
		SELECT $1, CAST(atom AS BIGINT), $2 FROM json_each(CAST($3 AS TEXT)) WHERE true
		ON CONFLICT (sync_id, contact_id) DO UPDATE SET fingerprint = NULL, field_digests = NULL`, s.syncID, markedUnknown, list)
	return err
}

// contactList is a JSON list of contact ids.
func contactList(members []Staged) (string, error) {
	contacts := make([]int64, len(members))
	for i, m := range members {
		contacts[i] = m.Contact
	}
	return jsonList(contacts)
}

// contactsAndDigests is a JSON list of contact ids with fingerprints and field
// digests, which are empty texts where there are none.
func contactsAndDigests(members []Staged) (string, error) {
	rows := make([][3]any, len(members))
	for i, m := range members {
		rows[i] = [3]any{m.Contact, hex.EncodeToString(m.Fingerprint), hex.EncodeToString(m.FieldDigests)}
	}
	return jsonList(rows)
}

// firstError runs steps until one fails.
func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
