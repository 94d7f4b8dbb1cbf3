package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// seen is a set of contact ids of a run. It is kept in chunks of 65,536 ids, of
// which a page writes only those it changed.
type seen struct {
	kind    seenKind
	chunks  map[int64]*roaring.Bitmap
	changed map[int64]bool
}

// seenKind says which contacts are in the set.
type seenKind string

const (
	// seenRead are all contacts that are in the audience.
	seenRead seenKind = "read"
	// seenSuppressed are those of them that the filter excludes: who was marked
	// earlier is a leaver.
	seenSuppressed seenKind = "suppressed"
	// seenInvalid are those that fail our checks.
	seenInvalid seenKind = "invalid"
	// seenStaged are those that wait in batches.
	seenStaged seenKind = "staged"
	// seenUnconfirmed are those of them whom Hello Charles was not known to hold before.
	seenUnconfirmed seenKind = "unconfirmed"
	// seenLeft are those who left, and whose marker is to be taken away.
	seenLeft seenKind = "left"
)

const chunkBits = 16

func newSeen(kind seenKind) *seen {
	return &seen{kind: kind, chunks: map[int64]*roaring.Bitmap{}, changed: map[int64]bool{}}
}

// add reports whether the id is new.
func (s *seen) add(id int64) bool {
	key := id >> chunkBits
	chunk, ok := s.chunks[key]
	if !ok {
		chunk = roaring.New()
		s.chunks[key] = chunk
	}
	if !chunk.CheckedAdd(uint32(id & (1<<chunkBits - 1))) {
		return false
	}
	s.changed[key] = true
	return true
}

func (s *seen) has(id int64) bool {
	chunk, ok := s.chunks[id>>chunkBits]
	return ok && chunk.Contains(uint32(id&(1<<chunkBits-1)))
}

// size is how many ids are in the set.
func (s *seen) size() int64 {
	var n int64
	for _, chunk := range s.chunks {
		n += int64(chunk.GetCardinality()) //nolint:gosec // At most 65,536.
	}
	return n
}

// without is the set less other.
func (s *seen) without(other *seen) *seen {
	rest := newSeen("")
	for key, chunk := range s.chunks {
		if less, ok := other.chunks[key]; ok {
			chunk = roaring.AndNot(chunk, less)
		}
		rest.chunks[key] = chunk
	}
	return rest
}

// each hands out the ids in order, so many at a time.
func (s *seen) each(size int, use func(ids []int64) error) error {
	some := make([]int64, 0, size)
	for _, key := range slices.Sorted(maps.Keys(s.chunks)) {
		for bits := s.chunks[key].Iterator(); bits.HasNext(); {
			some = append(some, key<<chunkBits|int64(bits.Next()))
			if len(some) < size {
				continue
			}
			if err := use(some); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	if len(some) == 0 {
		return nil
	}
	return use(some)
}

// first returns the first ids in order, at most so many.
func (s *seen) first(most int) []int64 {
	var some []int64
	for _, key := range slices.Sorted(maps.Keys(s.chunks)) {
		for bits := s.chunks[key].Iterator(); bits.HasNext(); {
			if len(some) == most {
				return some
			}
			some = append(some, key<<chunkBits|int64(bits.Next()))
		}
	}
	return some
}

func (s *seen) save(ctx context.Context, tx *sql.Tx, runID int64) error {
	for key := range s.changed {
		bits, err := s.chunks[key].ToBytes()
		if err != nil {
			return fmt.Errorf("bitmap of members seen: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO seen (run_id, kind, chunk, bits) VALUES ($1, $2, $3, $4)
			ON CONFLICT (run_id, kind, chunk) DO UPDATE SET bits = excluded.bits`, runID, string(s.kind), key, bits); err != nil {
			return err
		}
	}
	clear(s.changed)
	return nil
}

func loadSeen(ctx context.Context, db rowsQueryer, runID int64, kind seenKind) (*seen, error) {
	rows, err := db.QueryContext(ctx, `SELECT chunk, bits FROM seen WHERE run_id = $1 AND kind = $2`, runID, string(kind))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	s := newSeen(kind)
	for rows.Next() {
		var key int64
		var bits []byte
		if err := rows.Scan(&key, &bits); err != nil {
			return nil, err
		}
		if s.chunks[key], err = chunkOf(bits); err != nil {
			return nil, err
		}
	}
	return s, rows.Err()
}

func chunkOf(bits []byte) (*roaring.Bitmap, error) {
	chunk := roaring.New()
	if _, err := chunk.ReadFrom(bytes.NewReader(bits)); err != nil {
		return nil, fmt.Errorf("bitmap of members seen: %w", err)
	}
	return chunk, nil
}

type rowsQueryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
