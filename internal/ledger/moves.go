package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// household are contacts that share phone numbers or email addresses, at one
// remove or more: Hello Charles may hold them as one contact.
type household struct {
	digests  map[int64]bool
	contacts *seen
}

func (h *household) add(contact int64, digests ...int64) (grew bool) {
	if h.contacts.add(contact) {
		grew = true
	}
	for _, digest := range digests {
		if digest != 0 && !h.digests[digest] {
			h.digests[digest] = true
			grew = true
		}
	}
	return grew
}

func (h *household) shares(digests ...int64) bool {
	for _, digest := range digests {
		if digest != 0 && h.digests[digest] {
			return true
		}
	}
	return false
}

// stageMarks stages members that may be one contact with a leaver and that nothing
// else is sent for: taking the leaver's marker may take theirs. It also counts the
// leavers who share a phone number or email address with a member.
func (d *deciding) stageMarks(ctx context.Context, leaving *seen) (moves, markedAgain int64, err error) {
	group := &household{digests: map[int64]bool{}, contacts: newSeen("")}
	own := map[int64][]int64{} // the leavers by digest
	err = leaving.each(d.batchSize, func(contacts []int64) error {
		return d.channelsOf(ctx, contacts, func(contact int64, digests []int64) {
			group.add(contact, digests...)
			for _, digest := range digests {
				if digest != 0 {
					own[digest] = append(own[digest], contact)
				}
			}
		})
	})
	if err != nil || len(own) == 0 {
		return 0, 0, err
	}
	moved := newSeen("")
	staying := func(digests ...int64) {
		for _, digest := range digests {
			for _, leaver := range own[digest] {
				if moved.add(leaver) {
					moves++
				}
			}
		}
	}
	again := newSeen("")
	for grew := true; grew; {
		grew = false
		err := d.eachContact(ctx, func(contact int64, digests []int64) {
			if leaving.has(contact) || !group.shares(digests...) {
				return
			}
			if group.add(contact, digests...) {
				grew = true
			}
			if !d.stays(contact) {
				return
			}
			staying(digests...)
			if !d.waiting.has(contact) {
				again.add(contact)
			}
		})
		if err != nil {
			return 0, 0, err
		}
	}
	if err := d.eachWaiting(ctx, func(member Staged) { staying(member.Phone, member.Email) }); err != nil {
		return 0, 0, err
	}
	var tail []Staged
	err = again.each(d.batchSize, func(contacts []int64) error {
		members, err := d.markedMembers(ctx, contacts)
		if err != nil {
			return err
		}
		markedAgain += int64(len(members))
		tail, err = d.stageFull(ctx, BatchMarks, append(tail, members...))
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return moves, markedAgain, d.stage(ctx, BatchMarks, tail)
}

// channelsOf hands out all digests of contacts, earlier ones too.
func (d *deciding) channelsOf(ctx context.Context, contacts []int64, use func(contact int64, digests []int64)) error {
	list, err := jsonList(contacts)
	if err != nil {
		return err
	}
	return eachChannels(ctx, d.tx, use, `
		SELECT contacts.id, phone, email FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts WHERE contacts.id = CAST(wanted.atom AS BIGINT)
		UNION ALL
		SELECT contact_id, digest, 0 FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN past_channels WHERE contact_id = CAST(wanted.atom AS BIGINT)`, list)
}

// eachContact hands out all contacts of the workspace with their digests, some of
// them more than once.
func (d *deciding) eachContact(ctx context.Context, use func(contact int64, digests []int64)) error {
	for after := int64(0); ; {
		var last int64
		// The sign keeps the index by workspace out, which has another order.
		err := eachChannels(ctx, d.tx, func(contact int64, digests []int64) {
			last = contact
			use(contact, digests)
		}, `
			SELECT id, phone, email FROM contacts
			WHERE +workspace_id = $1 AND id > $2 AND (phone <> 0 OR email <> 0) ORDER BY id LIMIT $3`, d.workspaceID, after, walkMemberships)
		if err != nil {
			return err
		}
		if last == 0 {
			break
		}
		after = last
	}
	return eachChannels(ctx, d.tx, use, `
		SELECT contact_id, digest, 0 FROM past_channels JOIN contacts ON contacts.id = contact_id WHERE workspace_id = $1`, d.workspaceID)
}

func eachChannels(ctx context.Context, tx *sql.Tx, use func(contact int64, digests []int64), query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var contact int64
		digests := make([]int64, 2)
		if err := rows.Scan(&contact, &digests[0], &digests[1]); err != nil {
			return err
		}
		use(contact, digests)
	}
	return rows.Err()
}

// eachWaiting hands out the members that wait in batches.
func (d *deciding) eachWaiting(ctx context.Context, use func(Staged)) error {
	numbers, err := ids(ctx, d.tx, `SELECT number FROM batches WHERE run_id = $1 AND kind = $2`, d.runID, string(BatchMembers))
	if err != nil {
		return err
	}
	for _, number := range numbers {
		batch := Batch{Number: number}
		if err := loadBatch(ctx, d.tx, d.runID, &batch); err != nil {
			return fmt.Errorf("batch %d: %w", number, err)
		}
		for _, member := range batch.Members {
			use(member)
		}
	}
	return nil
}

// markedMembers returns those of the contacts that the sync has marked, as they
// are staged to be marked again.
func (d *deciding) markedMembers(ctx context.Context, contacts []int64) ([]Staged, error) {
	list, err := jsonList(contacts)
	if err != nil {
		return nil, err
	}
	rows, err := d.tx.QueryContext(ctx, `
		SELECT contacts.id, reference, fingerprint, field_digests,
			EXISTS (SELECT 1 FROM failures WHERE failures.run_id = $1 AND failures.contact_id = contacts.id)
		FROM json_each(CAST($2 AS TEXT)) AS wanted CROSS JOIN contacts
		JOIN memberships ON memberships.sync_id = $3 AND memberships.contact_id = contacts.id
		WHERE contacts.id = CAST(wanted.atom AS BIGINT)`, d.runID, list, d.syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var members []Staged
	for rows.Next() {
		var member Staged
		if err := rows.Scan(&member.Contact, &member.Reference, &member.Fingerprint, &member.FieldDigests, &member.Failed); err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	return members, rows.Err()
}
