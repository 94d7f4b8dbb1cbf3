package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

func TestAFieldIsUnfilledIfNoPageHasIt(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	for _, page := range []ledger.PageInput{
		{Members: members(0, 2, "v1"), Unfilled: map[string]string{"citty": "city", "birthday": "", "score": ""}},
		{Unfilled: map[string]string{"phone": ""}}, // Of no members nothing can be said.
		{Members: members(2, 2, "v1"), Unfilled: map[string]string{"citty": "city", "score": "", "rare": ""}},
		{Members: members(4, 2, "v1"), Unfilled: map[string]string{"citty": ""}, Last: true},
	} {
		commit(t, l, ref, page)
	}
	sum, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"citty": "city"}, sum.Unfilled)
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, sum.Unfilled, tally.Unfilled)
}
