package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func beginningOf(tb testing.TB, l *ledger.Ledger) ledger.Beginning {
	tb.Helper()
	b, err := l.Beginning(tb.Context(), "spring")
	require.NoError(tb, err)
	return b
}

// adopt records the references of members as those of a segment that holds some
// others too.
func adopt(tb testing.TB, l *ledger.Ledger, list []ledger.ReadMember, notOurs int64) int64 {
	tb.Helper()
	references := make([]string, len(list))
	for i, m := range list {
		references[i] = m.Reference
	}
	require.NoError(tb, l.BeginAdoption(tb.Context(), opening("")))
	added, err := l.Adopt(tb.Context(), "spring", references)
	require.NoError(tb, err)
	require.NoError(tb, l.EndAdoption(tb.Context(), opening(""), notOurs))
	return added
}

func TestABeginningIsSettledByARunOrByAPersonOnly(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.Equal(t, ledger.Beginning{}, beginningOf(t, l), "a sync that the ledger does not know")

	plan := opening("plan")
	plan.PlanOnly = true
	ref, err := l.OpenRun(t.Context(), plan)
	require.NoError(t, err)
	read(t, l, ref, members(0, 3, "v1"))
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true}))
	require.False(t, beginningOf(t, l).Settled(), "a plan says nothing")

	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 2, "v1")))
	require.Equal(t, ledger.Beginning{Held: 2}, beginningOf(t, l), "a trial says how many are ours")

	ref = openRun(t, l, "a")
	require.False(t, beginningOf(t, l).Settled(), "nothing was sent")
	read(t, l, ref, members(0, 3, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	sent := beginningOf(t, l)
	require.True(t, sent.Sent)
	require.True(t, sent.Settled(), "a run that was stopped in the middle has gone on from the beginning")
	require.False(t, sent.Closed)
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true}))
	require.True(t, beginningOf(t, l).Closed)
}

func TestAdoptedContactsAreMembersOfUnknownContent(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 1, "v1")))
	require.Equal(t, int64(3), adopt(t, l, members(0, 4, ""), 7), "one was known by a trial")
	b := beginningOf(t, l)
	require.Equal(t, ledger.BeginningAdopted, b.Kind)
	require.Equal(t, int64(7), b.NotOurs)
	require.True(t, b.Settled())
	for i := range 4 {
		known := history(t, l, i)
		require.Equal(t, ledger.MemberYes, known.Membership)
		require.True(t, known.Doubtful)
		require.True(t, known.Held)
		require.Zero(t, known.AcceptedRun)
	}
	require.Zero(t, adopt(t, l, members(0, 4, ""), 7), "once more, nothing is new")
	require.Equal(t, int64(1), adopt(t, l, append(members(4, 1, ""), members(4, 1, "")...), 7), "a reference that is listed twice is one")

	ref := openRun(t, l, "a")
	reading := commit(t, l, ref, ledger.PageInput{Members: members(3, 3, "v1"), Last: true})
	require.NoError(t, reading.Finish(t.Context()))
	pages, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, int64(3), pages.Staged, "they are sent again")
	require.Equal(t, int64(1), pages.Joiners, "two of the three were adopted")
	decision, err := l.Decide(t.Context(), ref, ledger.Deciding{Mirror: true, Removal: []byte("removal"), RetryAfter: week, StagingLimit: staging})
	require.NoError(t, err)
	require.Equal(t, int64(5), decision.Marked)
	require.Equal(t, int64(3), decision.Leavers)
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 5, Left: 3}, expected)
}

func TestAnAdoptionThatWasBrokenOffIsNotSettledAndGoesOn(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.BeginAdoption(t.Context(), opening("")))
	_, err := l.Adopt(t.Context(), "spring", []string{"+49151"})
	require.NoError(t, err)
	broken := beginningOf(t, l)
	require.Equal(t, ledger.BeginningAdopting, broken.Kind)
	require.Equal(t, int64(1), broken.Held)
	require.False(t, broken.Settled())

	require.Equal(t, int64(2), adopt(t, l, members(0, 2, ""), 0))
	require.True(t, beginningOf(t, l).Settled())

	var refused *ledger.RefusedError
	_, err = l.Adopt(t.Context(), "spring", []string{"+49152"})
	require.ErrorAs(t, err, &refused, "an adoption that is over records nothing")
}

func TestIgnoredContactsAreNotOursButThoseOfATrialAre(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 2, "v1")))
	require.NoError(t, l.EndTrial(t.Context(), "spring", members(0, 2, "v1")))
	ignored, err := l.Ignore(t.Context(), opening(""), new(int64(12)))
	require.NoError(t, err)
	require.Equal(t, ledger.Ignored{Held: 2, NotOurs: 10}, ignored)
	require.Equal(t, ledger.BeginningIgnored, beginningOf(t, l).Kind)

	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 2, "v2")))
	ignored, err = l.Ignore(t.Context(), opening(""), new(int64(12)))
	require.NoError(t, err)
	require.Equal(t, ledger.Ignored{Held: 2, NotOurs: 10}, ignored, "a trial that did not end is not forgotten")
	require.NoError(t, l.EndTrial(t.Context(), "spring", members(0, 2, "v2")))

	adopt(t, l, members(2, 5, ""), 5)
	ignored, err = l.Ignore(t.Context(), opening(""), new(int64(12)))
	require.NoError(t, err)
	require.Equal(t, ledger.Ignored{Held: 2, NotOurs: 10, Dropped: 5}, ignored, "what was adopted is forgotten")
	require.Equal(t, ledger.MemberYes, history(t, l, 0).Membership)
	require.Equal(t, ledger.MemberNo, history(t, l, 2).Membership)

	ignored, err = l.Ignore(t.Context(), opening(""), nil)
	require.NoError(t, err)
	require.Equal(t, ledger.Ignored{Held: 2}, ignored, "nobody can count them")
	require.True(t, beginningOf(t, l).Settled())
}

func TestABeginningDoesNotChangeOnceARunThatSentSomethingHasEnded(t *testing.T) {
	t.Parallel()
	l := open(t)
	adopt(t, l, members(0, 1, ""), 0)
	declined := openRun(t, l, "declined")
	read(t, l, declined, members(0, 3, "v1"))
	require.NoError(t, l.CloseRun(t.Context(), declined, ledger.Closing{Report: []byte("{}")}))
	adopt(t, l, members(0, 2, ""), 1) // That run sent nothing.

	wholeRun(t, l, opening("a"), members(0, 3, "v1"), all(audience.Created, 3))
	var refused *ledger.RefusedError
	require.ErrorAs(t, l.BeginAdoption(t.Context(), opening("")), &refused)
	require.ErrorContains(t, refused, "sync spring: its run 2 has sent contacts already")
	require.ErrorAs(t, l.EndAdoption(t.Context(), opening(""), 9), &refused)
	_, err := l.Ignore(t.Context(), opening(""), new(int64(9)))
	require.ErrorAs(t, err, &refused)
	require.Equal(t, int64(1), beginningOf(t, l).NotOurs)
}

func TestALedgerIsInUseInAWorkspaceSinceARunEndedOrAPersonSaidSo(t *testing.T) {
	t.Parallel()
	l := open(t)
	inUse := func() time.Time {
		since, err := l.InUseSince(t.Context(), opening("").Workspace)
		require.NoError(t, err)
		return since
	}
	require.Zero(t, inUse())
	require.NoError(t, l.BeginAdoption(t.Context(), opening("")))
	ref := openRun(t, l, "a")
	require.Zero(t, inUse(), "neither has come to its end")
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true}))
	opened := inUse()
	require.NotZero(t, opened)
	require.NoError(t, l.EndAdoption(t.Context(), opening(""), 0))
	require.True(t, inUse().After(opened))

	other := opening("")
	other.Sync, other.Workspace = "autumn", "https://other.example zeotap"
	_, err := l.Ignore(t.Context(), other, nil)
	require.NoError(t, err)
	told := inUse()
	other.Workspace, other.Sync = opening("").Workspace, "winter"
	_, err = l.Ignore(t.Context(), other, nil)
	require.NoError(t, err)
	require.True(t, inUse().After(told), "any sync of the workspace counts, and no other")
}
