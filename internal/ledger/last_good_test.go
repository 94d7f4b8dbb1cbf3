package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

func TestTheLastGoodRunOfASyncIsTheNewestThatEndedWell(t *testing.T) {
	t.Parallel()
	l := open(t)
	last, err := l.LastGood(t.Context())
	require.NoError(t, err)
	require.Empty(t, last)

	ended := func(token string, good bool) time.Time {
		before := time.Now().Truncate(time.Millisecond)
		require.NoError(t, l.CloseRun(t.Context(), openRun(t, l, token), ledger.Closing{Report: reportOf(t, 1), Complete: true, Good: good}))
		return before
	}
	ended("a", true)
	second := ended("b", true)
	third := ended("c", false)
	openRun(t, l, "d")
	last, err = l.LastGood(t.Context())
	require.NoError(t, err)
	require.Len(t, last, 1)
	require.WithinRange(t, last["spring"], second, third.Add(time.Millisecond))
}
