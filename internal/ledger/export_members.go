package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"

	"audiencesync/internal/audience"
)

// ExportOperation is what a record of a set does with its member.
type ExportOperation int

// The operations. Merge is an update that holds changed fields only.
const (
	ExportInsert ExportOperation = iota
	ExportUpdate
	ExportMerge
	ExportDelete
	// ExportNobody is a record that is counted and nothing else: an update or a
	// delete without a key.
	ExportNobody
)

// ExportChange is one record of a set.
type ExportChange struct {
	Operation ExportOperation
	// Member is the digest of what identifies the member.
	Member []byte
	// Fields are what is kept of it; nil for a delete.
	Fields audience.Member
}

// Known returns the numbers of those of the digests that are members.
func (e *Export) Known(ctx context.Context, state *ExportState, digests [][]byte) ([]int64, error) {
	list, err := hexList(digests)
	if err != nil {
		return nil, err
	}
	rows, err := e.ledger.reads.QueryContext(ctx, `
		SELECT number FROM json_each(CAST($1 AS TEXT)) CROSS JOIN export_members
		WHERE export_id = $2 AND member = unhex(atom)`, list, state.id)
	if err != nil {
		return nil, e.failed("members", err)
	}
	defer func() { _ = rows.Close() }()
	var known []int64
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return nil, e.failed("members", err)
		}
		known = append(known, number)
	}
	return known, e.failed("members", rows.Err())
}

// Apply applies records of the set in the making, in their order, and moves its
// cursor, in one transaction.
func (e *Export) Apply(ctx context.Context, state *ExportState, changes []ExportChange, cursor string) error {
	sealed := make([][]byte, len(changes))
	for i, c := range changes {
		if c.Operation != ExportInsert && c.Operation != ExportUpdate {
			continue
		}
		var err error
		if sealed[i], err = e.ledger.failureKey.seal(c.Fields); err != nil {
			return err
		}
	}
	return e.change(ctx, "applying a set", state, func(tx *sql.Tx, next *ExportState) error {
		set := next.Last()
		a := application{
			key: e.ledger.failureKey, state: next, set: set, counts: &set.Counts, members: map[string]*exportMember{},
		}
		if err := a.load(ctx, tx, changes); err != nil {
			return err
		}
		for i, c := range changes {
			if err := a.apply(c, sealed[i]); err != nil {
				return err
			}
		}
		if err := a.save(ctx, tx); err != nil {
			return err
		}
		set.Cursor = cursor
		return saveSet(ctx, tx, next)
	})
}

// exportMember is one member while records are applied to it.
type exportMember struct {
	digest []byte
	// stored is the number of its row, 0 without one; number that of the row that
	// it will have.
	stored, number int64
	sealed         []byte
	there, changed bool
}

// application is an Apply in the making.
type application struct {
	key     *failureKey
	state   *ExportState
	set     *ExportSet
	counts  *ExportCounts
	members map[string]*exportMember
	order   []*exportMember
}

// load reads what is stored of the members that the records are about.
func (a *application) load(ctx context.Context, tx *sql.Tx, changes []ExportChange) error {
	merges := false
	digests := make([][]byte, 0, len(changes))
	for _, c := range changes {
		merges = merges || c.Operation == ExportMerge
		if c.Operation == ExportNobody || a.members[string(c.Member)] != nil {
			continue
		}
		m := &exportMember{digest: c.Member}
		a.members[string(c.Member)] = m
		a.order = append(a.order, m)
		digests = append(digests, c.Member)
	}
	list, err := hexList(digests)
	if err != nil {
		return err
	}
	query := `
		SELECT member, number, NULL FROM json_each(CAST($1 AS TEXT)) CROSS JOIN export_members
		WHERE export_id = $2 AND member = unhex(atom)`
	if merges {
		query = `
		SELECT member, number, fields FROM json_each(CAST($1 AS TEXT)) CROSS JOIN export_members
		WHERE export_id = $2 AND member = unhex(atom)`
	}
	rows, err := tx.QueryContext(ctx, query, list, a.state.id)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var digest, fields []byte
		var number int64
		if err := rows.Scan(&digest, &number, &fields); err != nil {
			return err
		}
		m := a.members[string(digest)]
		m.stored, m.number, m.sealed, m.there = number, number, fields, true
	}
	return rows.Err()
}

func (a *application) apply(c ExportChange, sealed []byte) error {
	if c.Operation == ExportNobody {
		a.counts.WithoutKey++
		return nil
	}
	m := a.members[string(c.Member)]
	switch {
	case c.Operation == ExportDelete && m.there:
		a.counts.Deleted++
		m.there, m.changed = false, true
		return nil
	case c.Operation == ExportDelete:
		a.counts.DeletedUnknown++
		return nil
	case c.Operation == ExportInsert && m.there && m.number >= a.set.firstMember:
		a.counts.Repeated++
	case c.Operation == ExportInsert && m.there:
		a.counts.Known++
	case c.Operation == ExportInsert:
		a.counts.Inserted++
	case m.there:
		a.counts.Updated++
	default:
		a.counts.UpdatedUnknown++
	}
	if c.Operation == ExportMerge {
		var err error
		if sealed, err = a.merge(m, c.Fields); err != nil {
			return err
		}
	}
	// A full set gives everybody in it a new number: the others go by theirs.
	if !m.there || a.set.Full && m.number < a.set.firstMember {
		a.state.lastMember++
		m.number = a.state.lastMember
	}
	m.sealed, m.there, m.changed = sealed, true, true
	return nil
}

// merge puts changed fields over those that are stored.
func (a *application) merge(m *exportMember, fields audience.Member) ([]byte, error) {
	if !m.there {
		return a.key.seal(fields)
	}
	whole, err := a.key.open(m.sealed)
	if err != nil {
		return nil, exportKey(err)
	}
	maps.Copy(whole, fields)
	return a.key.seal(whole)
}

// exportKey says of members what the errors of a key say of failed ones.
func exportKey(err error) error {
	if errors.Is(err, ErrOtherKey) {
		return errors.New("the members are encrypted with another failure key; give the same one to every worker and command")
	}
	return err
}

func (a *application) save(ctx context.Context, tx *sql.Tx) error {
	var gone []int64
	var rows [][3]any
	for _, m := range a.order {
		switch {
		case !m.changed:
		case m.there:
			rows = append(rows, [3]any{m.number, hex.EncodeToString(m.digest), hex.EncodeToString(m.sealed)})
			if m.stored == 0 {
				a.state.Members++
			}
		case m.stored != 0:
			gone = append(gone, m.stored)
			a.state.Members--
		}
	}
	if len(gone) > 0 {
		list, err := json.Marshal(gone)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM export_members WHERE export_id = $1 AND number IN (SELECT CAST(atom AS BIGINT) FROM json_each(CAST($2 AS TEXT)))`,
			a.state.id, string(list)); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO export_members (export_id, number, member, fields)
		SELECT $1, CAST(value ->> 0 AS BIGINT), unhex(value ->> 1), unhex(value ->> 2) FROM json_each(CAST($2 AS TEXT)) WHERE true
		ON CONFLICT (export_id, member) DO UPDATE SET number = excluded.number, fields = excluded.fields`,
		a.state.id, string(list))
	return err
}

// Page returns members of a version in the order of their numbers: those after a
// number, at most limit, and fewer if they are large. next is the number of the last. A
// version that is no longer there is ErrMoved.
func (e *Export) Page(ctx context.Context, version, after int64, limit int, most int64) (members []audience.Member, next int64, last bool, err error) {
	sealed, next, last, err := e.rows(ctx, after, limit, most)
	if err != nil {
		return nil, 0, false, e.failed("members", err)
	}
	// Asked after the rows were read: a set that begins changes the version before
	// it changes a member.
	state, err := e.State(ctx)
	if err != nil {
		return nil, 0, false, err
	}
	if set := state.Last(); state.Version != version || set == nil || !set.Applied {
		return nil, 0, false, e.failed("members", ErrMoved)
	}
	members = make([]audience.Member, len(sealed))
	for i := range sealed {
		if members[i], err = e.ledger.failureKey.open(sealed[i]); err != nil {
			return nil, 0, false, e.failed("members", exportKey(err))
		}
	}
	return members, next, last, nil
}

func (e *Export) rows(ctx context.Context, after int64, limit int, most int64) (sealed [][]byte, next int64, last bool, err error) {
	rows, err := e.ledger.reads.QueryContext(ctx, `
		SELECT number, fields FROM export_members
		WHERE export_id = (SELECT id FROM exports WHERE sync = $1) AND number > $2 ORDER BY number LIMIT $3`, e.sync, after, limit)
	if err != nil {
		return nil, 0, false, err
	}
	defer func() { _ = rows.Close() }()
	next, last = after, true
	for rows.Next() {
		var fields []byte
		if err := rows.Scan(&next, &fields); err != nil {
			return nil, 0, false, err
		}
		sealed = append(sealed, fields)
		most -= int64(len(fields))
		if len(sealed) == limit || most <= 0 {
			last = false
			break
		}
	}
	return sealed, next, last, rows.Err()
}

func hexList(digests [][]byte) (string, error) {
	texts := make([]string, len(digests))
	for i, digest := range digests {
		texts[i] = hex.EncodeToString(digest)
	}
	list, err := json.Marshal(texts)
	return string(list), err
}
