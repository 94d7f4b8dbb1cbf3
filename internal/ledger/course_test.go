package ledger_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func reportOf(tb testing.TB, run int64) []byte {
	tb.Helper()
	report, err := json.Marshal(audience.Report{Sync: "spring", Run: run, Summary: "The one sentence."})
	require.NoError(tb, err)
	return report
}

func TestARunKeepsHowItsSendingWent(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 40, "v1"))
	sent := func(number int64) { require.NoError(t, l.MarkSent(t.Context(), ref, number, 1)) }
	settled := func(number int64, outcomes []ledger.MemberOutcome) ledger.Batch {
		batch, err := settle(t, l, ref, number, outcomes)
		require.NoError(t, err)
		return batch
	}
	sent(1)
	settled(1, all(audience.Created, 10))
	sent(2)
	sent(2) // The first answer was lost.
	again := settled(2, slices.Concat(refused(1), all("", 1), invalid(), all(audience.Updated, 7)))
	sent(again.Next[0])
	settled(again.Next[0], all(audience.Created, 1))
	sent(3)
	next, err := l.Split(t.Context(), ref, 3, true)
	require.NoError(t, err)
	for _, number := range next {
		sent(number)
		settled(number, all(audience.Created, 5))
	}
	for range 2 {
		sent(4)
	}
	one := all(audience.Created, 10)
	for i := range one {
		if one[i].Sends = 1; i == 0 {
			one[i].Sends = 2
			continue
		}
		sent(4)
	}
	settled(4, one)
	require.NoError(t, l.Told(t.Context(), workspace, time.Hour))
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: reportOf(t, 1), Complete: true}))

	run, course, err := l.Reported(t.Context(), "spring", 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, run.Number)
	require.Equal(t, "The one sentence.", run.Report.Summary)
	require.EqualValues(t, 10+9+10+10, course.Contacts, "all but the one that our own checks held back")
	require.EqualValues(t, 1+2+1+3+11, course.Requests)
	require.EqualValues(t, 1+1+2+1, course.Repeated, "a lost answer, a contact that was not named, two halves, one more of one by one")
	require.NotEmpty(t, course.Steps)
}

func TestTheSecondRequestOfAContactThatIsConfirmedIsNotRepeated(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 2, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	outcomes := all("", 2)
	for i := range outcomes {
		outcomes[i].Whole = true
	}
	first, err := settle(t, l, ref, 1, outcomes)
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, first.Next[0], 1))
	halves, err := l.Split(t.Context(), ref, first.Next[0], true)
	require.NoError(t, err)
	for _, number := range halves {
		require.NoError(t, l.MarkSent(t.Context(), ref, number, 1))
		_, err := settle(t, l, ref, number, all(audience.Updated, 1))
		require.NoError(t, err)
	}
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: reportOf(t, 1), Complete: true}))
	_, course, err := l.Reported(t.Context(), "spring", 1)
	require.NoError(t, err)
	require.EqualValues(t, 4, course.Requests)
	require.EqualValues(t, 2, course.Repeated)
}

func TestAToldDelayIsKeptAsLongAsARunMayHaveWaitedForIt(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	tables := ledgertest.SQL(t, address)
	kept := func() (n int, longest time.Duration) {
		var micros int64
		require.NoError(t, tables.QueryRowContext(t.Context(), `SELECT count(*), coalesce(max(until_at - began_at), 0) FROM told_delays`).Scan(&n, &micros))
		return n, time.Duration(micros) * time.Microsecond
	}
	ref := openRun(t, l, "a")
	require.NoError(t, l.Told(t.Context(), workspace, time.Hour))
	require.NoError(t, l.Told(t.Context(), workspace, time.Minute), "a shorter one within it")
	require.NoError(t, l.Told(t.Context(), workspace, 2*time.Hour), "a longer one, too")
	n, longest := kept()
	require.Equal(t, 1, n)
	require.GreaterOrEqual(t, longest, 2*time.Hour)

	_, err := tables.ExecContext(t.Context(), `UPDATE told_delays SET began_at = began_at - $1, until_at = until_at - $1`, (3 * time.Hour).Microseconds())
	require.NoError(t, err)
	require.NoError(t, l.Told(t.Context(), workspace, time.Second))
	n, _ = kept()
	require.Equal(t, 2, n, "the first is past")

	read(t, l, ref, members(0, 1, "v1"))
	sendAll(t, l, ref, audience.Created)
	other, err := l.OpenRun(t.Context(), ledger.Opening{
		Token: "other", Sync: "summer", Workspace: workspace, AudienceID: "985", Reference: "phone as e164", Spec: []byte(`{}`), BatchSize: 10,
	})
	require.NoError(t, err)
	_, err = tables.ExecContext(t.Context(), `UPDATE runs SET opened_at = opened_at - $1`, (5 * time.Hour).Microseconds())
	require.NoError(t, err)
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: reportOf(t, 1), Complete: true}))
	n, _ = kept()
	require.Equal(t, 2, n, "the other run may have waited for both")
	require.NoError(t, l.CloseRun(t.Context(), other, ledger.Closing{Report: reportOf(t, 1), Complete: true}))
	n, _ = kept()
	require.LessOrEqual(t, n, 1, "only one that may be going on is left")
}
