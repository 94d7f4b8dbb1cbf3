package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

func TestItIsSaidWhatBecameOfAPersonWhoIsForgotten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		done ledger.Forgetting
		said []string
	}{
		"unknown": {ledger.Forgetting{Erased: true}, []string{"the ledger does not hold the reference; only a keyed digest of it is kept"}},
		"erased":  {ledger.Forgetting{Held: true, Erased: true}, []string{"the reference and all that belongs to it are erased; only a keyed digest is kept"}},
		"marked": {ledger.Forgetting{Held: true, Unmarks: []string{"spring", "summer"}, Busy: []string{"autumn"}}, []string{
			"the reference is kept until what follows is done, and is erased then",
			"the next run takes the marker away: spring, summer",
			"a run that has read the person is open, and may have sent it; it ends first: autumn",
		}},
		"at once": {ledger.Forgetting{Held: true, Erased: true, StaysMarked: []string{"spring"}}, []string{
			"the reference and all that belongs to it are erased; only a keyed digest is kept",
			"the marker stays in Hello Charles, erase or unmark the contact there: spring",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, append([]string{"no sync sends this person from now on"}, test.said...), forgettingLines(test.done))
		})
	}
}
