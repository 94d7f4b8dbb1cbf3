package ledger_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// mirrored is an opening of a sync that takes markers away.
func mirrored(token string) ledger.Opening {
	o := opening(token)
	o.Marker = ledger.Marker{Property: "audience", Member: "member", Mirror: true}
	return o
}

func forget(tb testing.TB, l *ledger.Ledger, reference string, atOnce bool) ledger.Forgetting {
	tb.Helper()
	f, err := l.Forget(tb.Context(), reference, atOnce)
	require.NoError(tb, err)
	return f
}

// marks runs a sync that brings these members to Hello Charles.
func marks(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember) {
	tb.Helper()
	wholeRun(tb, l, o, list, all(audience.Created, len(list)))
}

var wasForgotten = map[string]int64{string(audience.Forgotten): 1}

func TestWhoIsForgottenIsUnmarkedFirstAndErasedThen(t *testing.T) {
	t.Parallel()
	l := open(t)
	marks(t, l, mirrored("a"), members(0, 3, "v1"))
	person := members(1, 1, "")[0].Reference
	require.Equal(t, ledger.Forgetting{Held: true, Unmarks: []string{"spring"}}, forget(t, l, person, false))
	require.Equal(t, ledger.Forgetting{Held: true, Unmarks: []string{"spring"}}, forget(t, l, person, false), "a repeated call")

	ref, sum := readAgain(t, l, mirrored("b"), members(0, 3, "v2"))
	require.Equal(t, int64(1), sum.Outcomes.Suppressed)
	require.Equal(t, wasForgotten, sum.Reasons)
	require.Equal(t, int64(2), sum.Staged)
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(1), decision.Leavers)
	require.Equal(t, []string{person}, references(batches(t, l, ref, decision.LeaverBatches)))
	require.Equal(t, []string{"spring"}, forget(t, l, person, true).Busy, "a request that holds the person may leave")
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	settleAll(t, l, ref, decision.Members, ledger.MemberOutcome{Outcome: audience.Updated})
	closeRun(t, l, ref)
	require.Equal(t, ledger.Forgetting{Erased: true}, forget(t, l, person, false), "the ledger holds the reference still")

	ref, sum = readAgain(t, l, mirrored("c"), append(members(0, 3, "v2"), members(1, 1, "v3")...))
	require.Equal(t, audience.Outcomes{Unchanged: 2, Suppressed: 2}, sum.Outcomes)
	require.Zero(t, sum.Staged)
	require.Zero(t, decide(t, l, ref, mirroring()).Leavers)
	closeRun(t, l, ref)
	require.False(t, forget(t, l, person, false).Held, "a read has brought the reference back")
	findings, err := l.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestWhoIsForgottenStaysSoInEverySyncUnderBothSpellings(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.Equal(t, ledger.Forgetting{Erased: true}, forget(t, l, "+4915112345678", false), "nobody knows the person")
	at, err := l.ForgottenAt(t.Context(), "4915112345678")
	require.NoError(t, err)
	require.False(t, at.IsZero())
	at, err = l.ForgottenAt(t.Context(), "4915112345679")
	require.NoError(t, err)
	require.True(t, at.IsZero())
	for i, reference := range []string{"+4915112345678", "4915112345678"} {
		o := opening(reference)
		o.Sync, o.Workspace = fmt.Sprint("sync-", i), fmt.Sprint("workspace ", i)
		list := members(0, 1, "v1")
		list[0].Reference = reference
		_, sum := readAgain(t, l, o, list)
		require.Equal(t, wasForgotten, sum.Reasons)
	}
}

func TestWhoIsForgottenAtOnceIsErasedAndItIsSaidWhoStaysMarked(t *testing.T) {
	t.Parallel()
	l := open(t)
	marks(t, l, mirrored("a"), members(0, 3, "v1"))
	person := members(1, 1, "")[0].Reference
	require.Equal(t, ledger.Forgetting{Held: true, Erased: true, StaysMarked: []string{"spring"}}, forget(t, l, person, true))
	ref, sum := readAgain(t, l, mirrored("b"), members(0, 3, "v1"))
	require.Equal(t, audience.Outcomes{Unchanged: 2, Suppressed: 1}, sum.Outcomes)
	decision := decide(t, l, ref, mirroring())
	require.Zero(t, decision.Leavers)
	require.Equal(t, int64(2), decision.Marked)
}

func TestWhereNobodyTakesMarkersAwayTheMarkIsCountedWithoutTheReference(t *testing.T) {
	t.Parallel()
	l := open(t)
	marks(t, l, opening("a"), members(0, 3, "v1"))
	person := members(1, 1, "")[0].Reference
	require.Equal(t, ledger.Forgetting{Held: true, Erased: true, StaysMarked: []string{"spring"}}, forget(t, l, person, false))
	ref, _ := readAgain(t, l, opening("b"), members(0, 3, "v1"))
	decision := decide(t, l, ref, ledger.Deciding{StagingLimit: staging})
	require.Equal(t, int64(3), decision.Marked)
	require.Zero(t, decision.Leavers)
	closeRun(t, l, ref)

	// The sync is made a mirror: nobody can be unmarked without a reference.
	ref, _ = readAgain(t, l, mirrored("c"), members(0, 3, "v1"))
	decision = decide(t, l, ref, mirroring())
	require.Equal(t, int64(2), decision.Marked)
	require.Zero(t, decision.Leavers)
}

func TestWhoIsForgottenIsNotErasedWhileARunMaySendIt(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 3, "v1"))
	person := members(1, 1, "")[0].Reference
	f := forget(t, l, person, true)
	require.Equal(t, ledger.Forgetting{Held: true, Busy: []string{"spring"}}, f)
	sendAll(t, l, ref, audience.Created)
	closeRun(t, l, ref)
	require.Equal(t, ledger.Forgetting{Erased: true}, forget(t, l, person, false))
}

func TestNothingOfAForgottenPersonIsLeftInTheFile(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	l, err := ledger.Open(t.Context(), address, ledger.WithFailureKey([]byte("0123456789abcdef")))
	require.NoError(t, err)
	list := members(0, 40, "v1")
	for i := range list {
		list[i].Reference = fmt.Sprintf("+49151990770%02d", i)
	}
	person := list[7].Reference
	ref, err := l.OpenRun(t.Context(), mirrored("a"))
	require.NoError(t, err)
	read(t, l, ref, list)
	for _, batch := range batches(t, l, ref, ledger.Numbers{From: 1, To: 4}) {
		require.NoError(t, l.MarkSent(t.Context(), ref, batch.Number, 1))
		outcomes := all(audience.Created, len(batch.Members))
		for i, member := range batch.Members {
			if member.Reference == person {
				outcomes[i] = ledger.MemberOutcome{Outcome: audience.Refused, Permanent: true, Reason: "refused", Message: person + " is blocked"}
			}
		}
		_, err := l.Settle(t.Context(), ref, batch, outcomes)
		require.NoError(t, err)
	}
	closeRun(t, l, ref)
	require.NotEmpty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"}))
	require.True(t, forget(t, l, person, false).Erased)
	require.Empty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"}))
	require.NoError(t, l.Close())
	path := strings.TrimPrefix(address, "sqlite:")
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NotContains(t, string(content), person, file)
		if file == path {
			require.Contains(t, string(content), list[8].Reference, "the test finds nobody")
		}
	}
}

func TestWhoIsForgottenIsSentByNoTrialAndUnmarkedWhereSomebodyElseHasMarkedIt(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 2, "v1")
	forget(t, l, list[0].Reference, false)
	err := l.BeginTrial(t.Context(), mirrored(""), list)
	require.ErrorContains(t, err, "1 of the members are forgotten")
	require.NotContains(t, err.Error(), list[0].Reference)

	adopt(t, l, list, 0)
	ref, sum := readAgain(t, l, mirrored("a"), list[1:])
	require.Equal(t, int64(1), sum.Staged)
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, []string{list[0].Reference}, references(batches(t, l, ref, decision.LeaverBatches)))
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	closeRun(t, l, ref)
	require.False(t, forget(t, l, list[0].Reference, false).Held)
}
