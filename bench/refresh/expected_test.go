package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator/people"
)

// listed are the members of an audience that can be sent, by phone number: the
// first of each, as the pages list them.
func listed(t *testing.T, crowd *people.Crowd, by people.Refresh) map[string]people.Member {
	t.Helper()
	refreshed, err := crowd.Refreshed(by)
	require.NoError(t, err)
	all := map[string]people.Member{}
	for i := range refreshed.Size() {
		m := refreshed.Member(i)
		if _, seen := all[m.Number]; m.Number != "" && !seen {
			all[m.Number] = m
		}
	}
	for number, m := range all {
		if m.Kind == people.BadEmail {
			delete(all, number)
		}
	}
	return all
}

func TestThoseWhoAreExpectedAreThoseWhomThePagesShow(t *testing.T) {
	t.Parallel()
	crowd := people.New(1, 50_000, "984")
	before, then, after := listed(t, crowd, people.Refresh{}), listed(t, crowd, changed), listed(t, crowd, refreshes[3])
	var shown expected
	for number, m := range before {
		if then[number].LoyaltyPoints != m.LoyaltyPoints {
			shown.changed++
		}
		if _, stayed := after[number]; !stayed && !wrong().Refuses(number) {
			shown.left++
		}
	}
	require.Equal(t, shown, count(crowd, refreshes[3], wrong().Refuses))
	require.InDelta(t, 0.983*share*50_000, shown.changed, 80)
	require.InDelta(t, 0.945*share*50_000, shown.left, 80)
}

func TestOneInTwentyFails(t *testing.T) {
	t.Parallel()
	crowd := people.New(1, 50_000, "984")
	taken := 0
	for number := range listed(t, crowd, people.Refresh{}) {
		if !wrong().Refuses(number) {
			taken++
		}
	}
	failed := 50_000 - int(crowd.Oddities().Duplicates) - taken
	require.InDelta(t, 0.05*50_000, failed, 0.002*50_000)
	require.NoError(t, wrong().Validate())
}

func TestRequestsAreCountedInFullBatches(t *testing.T) {
	t.Parallel()
	for contacts, want := range map[int64]int64{0: 0, 1: 1, 1000: 1, 1001: 2} {
		require.Equal(t, want, batches(contacts))
	}
}
