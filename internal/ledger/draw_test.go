package ledger_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// drawing reads members page by page, each by a Reading of its own, and draws some.
func drawing(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, sample int, pages ...[]ledger.ReadMember) {
	tb.Helper()
	for i, members := range pages {
		commit(tb, l, ref, ledger.PageInput{Members: members, Next: audience.Cursor(strconv.Itoa(i)), Last: i == len(pages)-1, Sample: sample})
	}
}

// drawn are the references of a run's sample whose content was accepted, in order.
func drawn(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) []string {
	tb.Helper()
	list, err := l.Drawn(tb.Context(), ref, false)
	require.NoError(tb, err)
	references := make([]string, len(list))
	for i, member := range list {
		references[i] = member.Reference
	}
	slices.Sort(references)
	return references
}

// held is a ledger that holds members as accepted.
func held(t *testing.T, n int) (*ledger.Ledger, []ledger.ReadMember) {
	t.Helper()
	l, list := open(t), members(0, n, "v1")
	wholeRun(t, l, opening("a"), list, all(audience.Created, n))
	return l, list
}

func TestWhoIsDrawnDoesNotDependOnPagesOrTheirOrder(t *testing.T) {
	t.Parallel()
	l, list := held(t, 60)
	ref := openRun(t, l, "b")
	drawing(t, l, ref, 7, list)
	first := drawn(t, l, ref)
	require.Len(t, first, 7)

	slices.Reverse(list)
	for _, pages := range [][][]ledger.ReadMember{
		{list}, {list[:1], list[1:50], list[50:]}, {list, list, list[:30]},
	} {
		require.NoError(t, l.DropRead(t.Context(), ref))
		drawing(t, l, ref, 7, pages...)
		require.Equal(t, first, drawn(t, l, ref))
	}
	next := openRun(t, l, "c")
	drawing(t, l, next, 7, list)
	require.NotEqual(t, first, drawn(t, l, next), "another run draws others")
}

func TestAPageThatIsReadAgainDrawsNobodyElse(t *testing.T) {
	t.Parallel()
	l, list := held(t, 60)
	ref := openRun(t, l, "b")
	one, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	late, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	page := ledger.PageInput{Members: list[:30], Next: "p2", Sample: 7}
	_, err = one.Commit(t.Context(), page)
	require.NoError(t, err)
	first := drawn(t, l, ref)
	require.Len(t, first, 7)
	page.Members = list[30:]
	_, err = late.Commit(t.Context(), page)
	require.ErrorIs(t, err, ledger.ErrMoved)
	require.Equal(t, first, drawn(t, l, ref))
}

func TestEveryMemberHasTheSameChanceToBeDrawn(t *testing.T) {
	t.Parallel()
	l, list := held(t, 40)
	times := map[string]int{}
	const runs = 100
	for run := range runs {
		ref := openRun(t, l, "run "+strconv.Itoa(run))
		drawing(t, l, ref, 10, list[:15], list[15:])
		for _, reference := range drawn(t, l, ref) {
			times[reference]++
		}
	}
	for _, member := range list {
		// A quarter of the runs, give or take five standard deviations.
		require.InDelta(t, runs/4, times[member.Reference], 22, member.Reference)
	}
}

func TestOnlyWhoIsSentOrUnchangedIsDrawn(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 8, "v1")
	wholeRun(t, l, opening("a"), list[:4], slices.Concat(all(audience.Created, 3), refused(1)))
	list[4].Suppressed = &ledger.Suppression{Reason: noConsent}
	ref := openRun(t, l, "b")
	commit(t, l, ref, ledger.PageInput{
		Members: slices.Concat(list[:1], list), Last: true, Sample: 100,
		Check: func(member ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
			if member.Reference == list[5].Reference {
				return ledger.Channels{}, &ledger.Objection{Reason: audience.EmailNotAnAddress}
			}
			return ledger.Channels{}, nil
		},
		Rejected: []ledger.RejectedMember{{Position: 9, Outcome: audience.Invalid, Reason: audience.ReferenceMissing}},
	})
	sendStaged(t, l, ref, all(audience.Created, 2))
	require.Equal(t, referencesOf(slices.Concat(list[:3], list[6:])), drawn(t, l, ref))
}

func TestNobodyIsDrawnWithoutASampleOrForAPlan(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	wholeRun(t, l, opening("a"), members(0, 5, "v1"), all(audience.Created, 5))
	drawing(t, l, openRun(t, l, "b"), 0, members(0, 5, "v1"), members(5, 5, "v1"))
	ref, err := l.OpenRun(t.Context(), planning("c"))
	require.NoError(t, err)
	drawing(t, l, ref, 5, members(0, 5, "v1"))
	require.Empty(t, rowsOf(t, ledgertest.SQL(t, address), "drawn"))
	require.Empty(t, drawn(t, l, ref))
}

func TestWhoWasDrawnIsForgottenWithTheStaging(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *ledger.Ledger, ledger.RunRef){
		"closed": func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef) {
			t.Helper()
			closeRun(t, l, ref)
		},
		"folded": func(t *testing.T, l *ledger.Ledger, _ ledger.RunRef) {
			t.Helper()
			closeRun(t, l, openRun(t, l, "c"))
		},
		"dropped": func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef) {
			t.Helper()
			require.NoError(t, l.DropRead(t.Context(), ref))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := ledgertest.SQLite(t)
			dir, db := filepath.Dir(strings.TrimPrefix(address, "sqlite:")), ledgertest.SQL(t, address)
			l := openWith(t, address)
			ref := openRun(t, l, "b")
			drawing(t, l, ref, 20, members(0, 30, "v1"), members(30, 30, "v1"))
			var blob []byte
			require.NoError(t, db.QueryRowContext(t.Context(), `SELECT members FROM drawn`).Scan(&blob))
			require.Positive(t, copies(t, dir, blob), "the test finds what is there")
			end(t, l, ref)
			require.Zero(t, copies(t, dir, blob))
			require.Empty(t, rowsOf(t, db, "drawn"))
		})
	}
}
