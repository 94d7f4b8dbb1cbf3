package people_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator/people"
)

func refreshed(t *testing.T, crowd *people.Crowd, by people.Refresh) *people.Refreshed {
	t.Helper()
	r, err := crowd.Refreshed(by)
	require.NoError(t, err)
	return r
}

func TestARefreshChangesOneFieldOfAShareAndNothingElse(t *testing.T) {
	t.Parallel()
	const size = 20_000
	crowd := people.New(5, size, "984")
	for field, valueOf := range map[people.Field]func(*people.Member) *string{
		people.City:          func(m *people.Member) *string { return &m.City },
		people.LoyaltyPoints: func(m *people.Member) *string { return &m.LoyaltyPoints },
	} {
		by := people.Refresh{Changed: people.Change{Share: 0.1, Field: field, Version: 1}}
		first := refreshed(t, crowd, by)
		next := by
		next.Changed.Version = 2
		second := refreshed(t, crowd, next)
		require.EqualValues(t, size, first.Size())
		changed := 0
		for i := range int64(size) {
			before, now, later := crowd.Member(i), first.Member(i), second.Member(i)
			require.True(t, json.Valid(now.AppendJSON(nil)))
			different := *valueOf(&before) != *valueOf(&now)
			require.Equal(t, crowd.Changed(i, by), different)
			require.Equal(t, different, *valueOf(&now) != *valueOf(&later), "each version has values of its own")
			require.Equal(t, different, *valueOf(&before) != *valueOf(&later))
			*valueOf(&now) = *valueOf(&before)
			require.Equal(t, before, now)
			if different {
				changed++
			}
		}
		require.InDelta(t, 0.1*size, changed, 0.1*0.1*size)
	}
}

func TestThoseWhoLeftAreGoneAndTheOthersKeepTheirOrder(t *testing.T) {
	t.Parallel()
	const size = 20_000
	crowd := people.New(5, size, "984")
	fewer, more := people.Refresh{Left: 0.05}, people.Refresh{Left: 0.2, Changed: people.Change{Share: 0.1, Field: people.City, Version: 1}}
	stayed := refreshed(t, crowd, more)
	at := int64(0)
	for i := range int64(size) {
		if crowd.Left(i, fewer) {
			require.True(t, crowd.Left(i, more), "a greater share holds everybody of a smaller one")
		}
		if crowd.Left(i, more) {
			continue
		}
		require.Equal(t, i, stayed.Member(at).Index)
		require.Equal(t, crowd.Member(i).Phone, stayed.Member(at).Phone)
		at++
	}
	require.Equal(t, at, stayed.Size())
	require.InDelta(t, 0.8*size, at, 0.01*size)
	require.Zero(t, refreshed(t, crowd, people.Refresh{Left: 1}).Size())
	require.EqualValues(t, size, refreshed(t, crowd, people.Refresh{}).Size())
}

func TestADuplicateChangesAndLeavesWithWhomItRepeats(t *testing.T) {
	t.Parallel()
	crowd := people.New(5, 20_000, "984")
	by := people.Refresh{Left: 0.5, Changed: people.Change{Share: 0.5, Field: people.City, Version: 1}}
	duplicates, left, changed := 0, 0, 0
	for i := range crowd.Size() {
		m := crowd.Member(i)
		if m.Kind != people.Duplicate {
			continue
		}
		duplicates++
		require.Equal(t, crowd.Left(m.Original, by), crowd.Left(i, by))
		require.Equal(t, crowd.Changed(m.Original, by), crowd.Changed(i, by))
		if crowd.Left(i, by) {
			left++
		}
		if crowd.Changed(i, by) {
			changed++
		}
	}
	require.Equal(t, 100, duplicates)
	for _, some := range []int{left, changed} {
		require.InDelta(t, 50, some, 25)
	}
}

func TestARefreshThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	crowd := people.New(5, 10, "984")
	for text, by := range map[string]people.Refresh{
		"left is a share from 0 to 1, not -0.1":         {Left: -0.1},
		"left is a share from 0 to 1, not NaN":          {Left: math.NaN()},
		"changed.share is a share from 0 to 1, not 1.5": {Changed: people.Change{Share: 1.5, Field: people.City, Version: 1}},
		`changed.field is city or loyalty_points, not "phone"`: {
			Changed: people.Change{Share: 0.5, Field: "phone", Version: 1},
		},
		"changed.version is from 1 to 1000000, not 0": {Changed: people.Change{Share: 0.5, Field: people.City}},
	} {
		_, err := crowd.Refreshed(by)
		require.EqualError(t, err, text)
	}
}
