package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
)

// draw keeps the members of a run whose contacts are read back at its end: those with
// the smallest keyed digests of reference and run. So each member has the same chance,
// whatever its place, and a page that is read again draws nobody else.
type draw struct {
	prefix  []byte
	members []drawn // the smallest digest first
	changed bool
}

type drawn struct {
	digest [sha256.Size]byte
	member Staged
}

func newDraw(key []byte, run int64) draw {
	return draw{prefix: binary.BigEndian.AppendUint64(append([]byte("draw"), key...), uint64(run))} //nolint:gosec // Any 64 bits will do.
}

// take considers a member, of whom at most so many are kept. No member comes twice.
func (d *draw) take(most int, member Staged) {
	if most <= 0 {
		return
	}
	one := drawn{digest: d.digest(member.Reference)}
	if len(d.members) >= most && bytes.Compare(one.digest[:], d.members[most-1].digest[:]) >= 0 {
		return
	}
	one.member = member
	d.insert(one)
	d.members, d.changed = d.members[:min(len(d.members), most)], true
}

func (d *draw) insert(one drawn) {
	at, _ := slices.BinarySearchFunc(d.members, one, func(a, b drawn) int { return bytes.Compare(a.digest[:], b.digest[:]) })
	d.members = slices.Insert(d.members, at, one)
}

func (d *draw) digest(reference string) [sha256.Size]byte {
	var space [128]byte
	return sha256.Sum256(append(append(space[:0], d.prefix...), reference...))
}

func (d *draw) load(ctx context.Context, tx *sql.Tx, runID int64) error {
	members, err := loadDrawn(ctx, tx, runID)
	for _, member := range members {
		d.insert(drawn{d.digest(member.Reference), member})
	}
	return err
}

// save writes who was drawn, if that has changed.
func (d *draw) save(ctx context.Context, tx *sql.Tx, runID int64) error {
	if !d.changed {
		return nil
	}
	members := make([]Staged, len(d.members))
	for i := range d.members {
		members[i] = d.members[i].member
	}
	blob, err := pack(members)
	if err != nil {
		return err
	}
	d.changed = false
	_, err = tx.ExecContext(ctx, `
		INSERT INTO drawn (run_id, members) VALUES ($1, $2) ON CONFLICT (run_id) DO UPDATE SET members = excluded.members`, runID, blob)
	return err
}

func loadDrawn(ctx context.Context, db queryer, runID int64) ([]Staged, error) {
	var blob []byte
	err := db.QueryRowContext(ctx, `SELECT members FROM drawn WHERE run_id = $1`, runID).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return unpack(blob)
}

// draw considers a member that is unchanged or waits to be sent.
func (s *sorting) draw(member Staged) {
	if !s.planOnly {
		s.drawn.take(s.sampleSize, member)
	}
}
