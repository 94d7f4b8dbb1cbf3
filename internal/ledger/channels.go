package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"strings"

	"audiencesync/internal/audience"
)

// Channels are keyed digests of a phone number and an email address; zero without.
type Channels struct {
	Phone int64 `json:"ph,omitempty"`
	Email int64 `json:"em,omitempty"`
}

// ChannelsOf returns the digests of a contact's channels under the ledger's key.
func (l *Ledger) ChannelsOf(contact audience.Contact) Channels {
	return Channels{Phone: l.digest("phone", contact.Phone), Email: l.digest("email", strings.ToLower(contact.Email))}
}

func (l *Ledger) digest(kind, value string) int64 {
	if value == "" {
		return 0
	}
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return int64(binary.BigEndian.Uint64(mac.Sum(nil))) //nolint:gosec // Any 64 bits will do.
}

// Held says whether Hello Charles is known to hold a contact, and what has to be
// sent because of it: a request that names phone and email creates a contact that
// was erased there, one that does not cannot.
type Held int8

// What may be known of a contact.
const (
	// HeldUnknown: it was never confirmed; all of it is sent.
	HeldUnknown Held = 0
	// HeldSame: it was confirmed with these channels, which are not sent.
	HeldSame Held = 1
	// HeldChanged: it was confirmed with other channels: they are sent once a first
	// request without them was taken.
	HeldChanged Held = 2
)

// Values of contacts.held.
const (
	notConfirmed  = 0
	confirmed     = 1
	confirmedGone = 2
)

// heldAs tells what is known of a contact that would be sent with these channels.
// Of one that is gone nothing is sent that would create it.
func heldAs(held int64, with, sending Channels) Held {
	same := (sending.Phone == 0 || sending.Phone == with.Phone) && (sending.Email == 0 || sending.Email == with.Email)
	switch {
	case held == notConfirmed:
		return HeldUnknown
	case held == confirmedGone, same:
		return HeldSame
	default:
		return HeldChanged
	}
}

// keepChannels records what Hello Charles took of contacts: the channels that were
// sent, and that it holds them where it said so. Earlier channels are kept, as
// somebody may come back with them under another reference.
func keepChannels(ctx context.Context, tx *sql.Tx, whole bool, members []Staged, outcomes []MemberOutcome) error {
	if len(members) == 0 {
		return nil
	}
	rows := make([][5]int64, len(members))
	for i, m := range members {
		row := [5]int64{m.Contact}
		if whole || m.Held == HeldUnknown {
			row[1], row[2], row[4] = m.Phone, m.Email, 1
		}
		if outcomes[i].Confirmed {
			row[3] = confirmed
		}
		rows[i] = row
	}
	list, err := jsonList(rows)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO past_channels (contact_id, digest)
		SELECT contacts.id, contacts.phone FROM json_each(CAST($1 AS TEXT)) AS taken CROSS JOIN contacts
		WHERE contacts.id = CAST(taken.value ->> 0 AS BIGINT) AND contacts.phone <> 0
			AND CAST(taken.value ->> 1 AS BIGINT) <> 0 AND contacts.phone <> CAST(taken.value ->> 1 AS BIGINT)
		UNION
		SELECT contacts.id, contacts.email FROM json_each(CAST($1 AS TEXT)) AS taken CROSS JOIN contacts
		WHERE contacts.id = CAST(taken.value ->> 0 AS BIGINT) AND contacts.email <> 0
			AND CAST(taken.value ->> 2 AS BIGINT) <> 0 AND contacts.email <> CAST(taken.value ->> 2 AS BIGINT)
		ON CONFLICT (contact_id, digest) DO NOTHING`, list); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE contacts SET
			phone = CASE WHEN taken.phone <> 0 THEN taken.phone ELSE contacts.phone END,
			email = CASE WHEN taken.email <> 0 THEN taken.email ELSE contacts.email END,
			held = CASE WHEN taken.held <> 0 THEN taken.held WHEN taken.whole <> 0 AND contacts.held = 2 THEN 0 ELSE contacts.held END
		FROM (
			SELECT CAST(value ->> 0 AS BIGINT) AS contact, CAST(value ->> 1 AS BIGINT) AS phone, CAST(value ->> 2 AS BIGINT) AS email,
				CAST(value ->> 3 AS BIGINT) AS held, CAST(value ->> 4 AS BIGINT) AS whole
			FROM json_each(CAST($1 AS TEXT))
		) AS taken
		WHERE contacts.id = taken.contact AND (
			taken.phone <> 0 AND contacts.phone <> taken.phone OR taken.email <> 0 AND contacts.email <> taken.email
			OR taken.held <> 0 AND contacts.held <> taken.held OR taken.whole <> 0 AND contacts.held = 2)`, list)
	return err
}

// doubtChannels records channels that Hello Charles may or may not have by now. The
// next request sends them again.
func doubtChannels(ctx context.Context, tx *sql.Tx, whole bool, members []Staged) error {
	var rows [][2]int64
	for _, m := range members {
		if !whole && m.Held != HeldUnknown {
			continue // The request named none.
		}
		for _, digest := range []int64{m.Phone, m.Email} {
			if digest != 0 {
				rows = append(rows, [2]int64{m.Contact, digest})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	list, err := jsonList(rows)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO past_channels (contact_id, digest) SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT) FROM json_each(CAST($1 AS TEXT)) WHERE true
		ON CONFLICT (contact_id, digest) DO NOTHING`, list); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO past_channels (contact_id, digest)
		SELECT contacts.id, contacts.phone FROM json_each(CAST($1 AS TEXT)) AS sent CROSS JOIN contacts
		WHERE contacts.id = CAST(sent.value ->> 0 AS BIGINT) AND contacts.phone <> 0
		UNION
		SELECT contacts.id, contacts.email FROM json_each(CAST($1 AS TEXT)) AS sent CROSS JOIN contacts
		WHERE contacts.id = CAST(sent.value ->> 0 AS BIGINT) AND contacts.email <> 0
		ON CONFLICT (contact_id, digest) DO NOTHING`, list); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE contacts SET phone = 0, email = 0 WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each(CAST($1 AS TEXT)))`, list)
	return err
}

// markGone records that Hello Charles does not hold contacts any more, which ends
// their membership.
func markGone(ctx context.Context, tx *sql.Tx, syncID int64, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	list, err := contactList(members)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE contacts SET held = $1 WHERE id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, confirmedGone, list); err != nil {
		return err
	}
	return removeMembers(ctx, tx, syncID, members)
}

// removeMembers ends memberships: the contacts are not ours any more.
func removeMembers(ctx context.Context, tx *sql.Tx, syncID int64, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	list, err := contactList(members)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM memberships WHERE sync_id = $1 AND contact_id IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`, syncID, list)
	return err
}

// confirmMembers records that Hello Charles holds all marked contacts of a sync, in
// its segment.
func confirmMembers(ctx context.Context, tx *sql.Tx, syncID int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE memberships SET in_segment = 1 WHERE sync_id = $1 AND marked = $2 AND in_segment = 0`,
		syncID, markedYes); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE contacts SET held = $1
		WHERE held = $2 AND id IN (SELECT contact_id FROM memberships WHERE sync_id = $3 AND marked = $4)`,
		confirmed, notConfirmed, syncID, markedYes)
	return err
}
