package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
)

// MemberRecord is one contact that a sync has, or may have, marked. It is contact
// data.
type MemberRecord struct {
	Reference  string
	Membership Membership
	// AcceptedRun is the number of the run of the last acceptance, zero without.
	AcceptedRun int64
}

// memberPage is the number of memberships that are read at a time: nothing is
// held open in the database between two of them.
const memberPage = 5000

// Memberships returns all memberships of a sync, in the order in which the ledger
// met the contacts. The first error ends the sequence.
func (l *Ledger) Memberships(ctx context.Context, sync string) iter.Seq2[MemberRecord, error] {
	return func(yield func(MemberRecord, error) bool) {
		syncID, err := l.findSync(ctx, sync)
		if err != nil {
			yield(MemberRecord{}, err)
			return
		}
		for after := int64(0); ; {
			page, last, err := l.memberPage(ctx, syncID, after)
			if err != nil {
				yield(MemberRecord{}, fmt.Errorf("memberships of sync %s: %w", sync, err))
				return
			}
			for _, member := range page {
				if !yield(member, nil) {
					return
				}
			}
			if len(page) < memberPage {
				return
			}
			after = last
		}
	}
}

func (l *Ledger) memberPage(ctx context.Context, syncID, after int64) (page []MemberRecord, last int64, err error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT contact_id, reference, marked, runs.number
		FROM memberships JOIN contacts ON contacts.id = contact_id LEFT JOIN runs ON runs.id = memberships.run
		WHERE memberships.sync_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3`, syncID, after, memberPage)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var member MemberRecord
		var marked int64
		var accepted sql.NullInt64
		if err := rows.Scan(&last, &member.Reference, &marked, &accepted); err != nil {
			return nil, 0, err
		}
		member.Membership, member.AcceptedRun = membershipOf(marked), accepted.Int64
		page = append(page, member)
	}
	return page, last, rows.Err()
}

// membershipOf names a value of memberships.marked, zero without a row.
func membershipOf(marked int64) Membership {
	switch marked {
	case markedYes:
		return MemberYes
	case markedUnknown:
		return MemberUnknown
	default:
		return MemberNo
	}
}
