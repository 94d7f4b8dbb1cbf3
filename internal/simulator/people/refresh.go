package people

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Refresh is what happened to a crowd since its beginning. Whom it happened to
// follows from the seed: a greater share holds everybody of a smaller one.
type Refresh struct {
	Changed Change `json:"changed,omitzero"`
	// Left is the share of people who are gone, from 0 to 1.
	Left float64 `json:"left,omitempty"`
}

// Change is a field that has other values than at the beginning.
type Change struct {
	// Share of the people of whom it has, from 0 to 1.
	Share float64 `json:"share"`
	Field Field   `json:"field"`
	// Version is 1 or more; each has values of its own.
	Version uint64 `json:"version"`
}

// Field is one that a refresh can change: none by which somebody is known.
type Field string

// The fields that a refresh can change.
const (
	City          Field = "city"
	LoyaltyPoints Field = "loyalty_points"
)

// maxVersion keeps changed points numbers that every reader takes.
const maxVersion = 1_000_000

// Validate reports what makes no sense.
func (r Refresh) Validate() error {
	for _, share := range []struct {
		name string
		of   float64
	}{{"changed.share", r.Changed.Share}, {"left", r.Left}} {
		if !(share.of >= 0 && share.of <= 1) { // NaN is neither
			return fmt.Errorf("%s is a share from 0 to 1, not %g", share.name, share.of)
		}
	}
	if r.Changed.Share == 0 {
		return nil
	}
	if !slices.Contains([]Field{City, LoyaltyPoints}, r.Changed.Field) {
		return fmt.Errorf("changed.field is %s or %s, not %q", City, LoyaltyPoints, r.Changed.Field)
	}
	if r.Changed.Version < 1 || r.Changed.Version > maxVersion {
		return fmt.Errorf("changed.version is from 1 to %d, not %d", maxVersion, r.Changed.Version)
	}
	return nil
}

// String names the refresh.
func (r Refresh) String() string {
	return fmt.Sprintf("%g-%s-%d-%g", r.Changed.Share, r.Changed.Field, r.Changed.Version, r.Left)
}

// Refreshed is a crowd after a refresh: those who stayed, in the same order, with
// indexes from 0. It is immutable and safe for concurrent use.
type Refreshed struct {
	crowd   *Crowd
	refresh Refresh
	// stayed are indexes of the crowd: four bytes a member.
	stayed []uint32
}

// Refreshed returns the crowd after a refresh that is valid.
func (c *Crowd) Refreshed(by Refresh) (*Refreshed, error) {
	if err := by.Validate(); err != nil {
		return nil, err
	}
	if c.size > math.MaxUint32 {
		return nil, errors.New("the crowd is too large")
	}
	r := &Refreshed{crowd: c, refresh: by, stayed: make([]uint32, 0, c.size)}
	for i := range c.size {
		if !c.Left(i, by) {
			r.stayed = append(r.stayed, uint32(i))
		}
	}
	return r, nil
}

// Size is the number of members.
func (r *Refreshed) Size() int64 { return int64(len(r.stayed)) }

// Member returns member i, 0 <= i < Size(), with the index that it has in the crowd.
func (r *Refreshed) Member(i int64) Member {
	m := r.crowd.Member(int64(r.stayed[i]))
	if r.crowd.Changed(m.Index, r.refresh) {
		m.change(r.refresh.Changed)
	}
	return m
}

// Changed reports whether a refresh changes member i of the crowd. A duplicate
// changes with the member that it repeats, and leaves with it.
func (c *Crowd) Changed(i int64, by Refresh) bool { return c.chosen(i, drawChanged, by.Changed.Share) }

// Left reports whether member i of the crowd is gone after a refresh.
func (c *Crowd) Left(i int64, by Refresh) bool { return c.chosen(i, drawLeft, by.Left) }

// The draws about refreshes.
const (
	drawChanged uint64 = iota + 1
	drawLeft
)

func (c *Crowd) chosen(i int64, draw uint64, share float64) bool {
	if share == 0 {
		return false
	}
	if c.Kind(i) == Duplicate {
		i = c.original(i)
	}
	// Counted from the other end, these are none of the draws about members.
	h := mix(c.seed ^ mix(^natural(i)*8+draw))
	return float64(h>>11)/(1<<53) < share
}

func (m *Member) change(by Change) {
	switch by.Field {
	case City:
		m.City += " " + strconv.FormatUint(by.Version, 10)
	case LoyaltyPoints:
		whole, half, _ := strings.Cut(m.LoyaltyPoints, ".")
		points, _ := strconv.ParseUint(whole, 10, 64) // it is ours
		m.LoyaltyPoints = strconv.FormatUint(points+by.Version*mostPoints, 10)
		if half != "" {
			m.LoyaltyPoints += "." + half
		}
	}
}
