package ledger_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// waiting is a ledger with a run that has read and decided: of five members one is
// unchanged, one changed, one is invalid now, and two left.
func waiting(t *testing.T, l *ledger.Ledger) ledger.RunRef {
	t.Helper()
	wholeRun(t, l, opening("a"), members(0, 5, "v1"), all(audience.Created, 5))
	ref := openRun(t, l, "b")
	require.NoError(t, l.SetSnapshot(t.Context(), ref, audience.Snapshot{Token: "first"}, time.Now()))
	commit(t, l, ref, ledger.PageInput{Members: members(2, 1, "v2"), Next: "p2", Check: rejecting})
	reading := commit(t, l, ref, ledger.PageInput{
		Members: slices.Concat(members(0, 1, "v1"), members(1, 1, "v2")), Last: true,
		Rejected: []ledger.RejectedMember{{Position: 3, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Fingerprint: []byte("without")}},
	})
	require.NoError(t, reading.Finish(t.Context()))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(2), decision.Leavers)
	require.Equal(t, int64(2), decision.LeaverBatches.To)
	return ref
}

func TestADroppedReadCannotBeReadInTheFilesAnyMore(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	dir := filepath.Dir(strings.TrimPrefix(address, "sqlite:"))
	l := openWith(t, address)
	ref := waiting(t, l)
	blobs := staged(t, ledgertest.SQL(t, address))
	require.Len(t, blobs, 2)
	for _, blob := range blobs {
		require.Positive(t, copies(t, dir, blob), "the test finds what is there")
	}
	require.NoError(t, l.DropRead(t.Context(), ref))
	for _, blob := range blobs {
		require.Zero(t, copies(t, dir, blob))
	}
}

func TestADroppedReadLeavesARunAsItWasOpened(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := waiting(t, l)
	require.NoError(t, l.DropRead(t.Context(), ref))
	require.NoError(t, l.DropRead(t.Context(), ref), "a repeated call changes nothing")

	run, err := l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.Nil(t, run.Snapshot)
	require.Nil(t, run.Decision)
	require.Zero(t, run.Batches)
	require.True(t, run.ReadOpenedAt.IsZero(), "what a due time asks for has not been read")
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Tally{Reasons: map[string]int64{}}, tally)
	require.Empty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"}))
	_, err = l.Decide(t.Context(), ref, mirroring())
	require.ErrorIs(t, err, ledger.ErrReadIncomplete)
	reading, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	require.Zero(t, reading.Page)
	require.Zero(t, reading.Read)
	require.Empty(t, reading.Cursor)
	require.False(t, reading.LastCommitted)
	for member := range 5 {
		require.Equal(t, ledger.MemberYes, history(t, l, member).Membership, "what earlier runs sent is not forgotten")
	}
}

func TestWhatIsReadAgainCountsAlone(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := waiting(t, l)
	first, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Unchanged: 1, Invalid: 2}, first.Outcomes)
	require.Zero(t, first.Known)
	require.NoError(t, l.DropRead(t.Context(), ref))

	// Member 3 came back meanwhile.
	require.NoError(t, l.SetSnapshot(t.Context(), ref, audience.Snapshot{Token: "second"}, time.Now()))
	reading := commit(t, l, ref, ledger.PageInput{
		Members: slices.Concat(members(0, 2, "v1"), members(3, 1, "v2")), Next: "p2",
		Rejected: []ledger.RejectedMember{{Position: 3, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Fingerprint: []byte("without")}},
	}, ledger.PageInput{Members: members(2, 1, "v2"), Last: true, Check: rejecting})
	require.NoError(t, reading.Finish(t.Context()))
	second, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, ledger.PageResult{
		Read: 5, Staged: 1, Outcomes: audience.Outcomes{Unchanged: 2, Invalid: 2},
		Reasons: map[string]int64{string(audience.EmailNotAnAddress): 1, string(audience.ReferenceMissing): 1},
	}, second, "what this run has met itself is not known from an earlier one")
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(1), decision.Leavers)
	require.Equal(t, []string{"+4915100000004"}, references(batches(t, l, ref, decision.LeaverBatches)))
	require.Equal(t, []string{"+4915100000003"}, references(batches(t, l, ref, decision.Members)))
	found := failuresOf(t, l, ledger.FailureQuery{Sync: "spring", NewOnly: true})
	require.Len(t, found, 2, "each is listed once, and is new")
	for _, failure := range found {
		require.Equal(t, int64(2), failure.FirstRun)
	}
	closeRun(t, l, ref)
	_, sum := readAgain(t, l, opening("c"), members(2, 1, "v2"))
	require.Equal(t, int64(1), sum.Known, "the next run knows it")
}

func TestADroppedReadForgetsNothingOfEarlierRuns(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("z"), members(5, 2, "v1"), refused(2))
	invalidBefore := openRun(t, l, "y")
	commit(t, l, invalidBefore, ledger.PageInput{Members: members(7, 1, "v1"), Last: true, Check: rejecting})
	closeRun(t, l, invalidBefore)
	earlier := failuresOf(t, l, ledger.FailureQuery{Sync: "spring", Run: 1})

	ref, sum := readAgain(t, l, opening("b"), members(5, 3, "v1"))
	require.Equal(t, int64(3), sum.Known)
	require.NoError(t, l.DropRead(t.Context(), ref))
	read(t, l, ref, members(5, 3, "v1"))
	again, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, sum, again)
	require.Equal(t, earlier, failuresOf(t, l, ledger.FailureQuery{Sync: "spring", Run: 1}))
}

func TestAReadIsNotDroppedOnceARequestMayHaveLeft(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]int64{"for members": 1, "for leavers": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			ref := waiting(t, l)
			require.NoError(t, l.MarkSent(t.Context(), ref, kind, 1))
			err := l.DropRead(t.Context(), ref)
			require.ErrorIs(t, err, ledger.ErrSent)
			require.ErrorContains(t, err, "run 2 of sync spring")
			batch, err := l.Batch(t.Context(), ref, kind)
			require.NoError(t, err)
			require.Equal(t, ledger.BatchSent, batch.State)
			require.NotEmpty(t, batch.Members)
			_, err = settle(t, l, ref, kind, all(audience.Unresolved, len(batch.Members)))
			require.NoError(t, err)
			require.ErrorIs(t, l.DropRead(t.Context(), ref), ledger.ErrSent, "that it is settled changes nothing")
		})
	}
}
