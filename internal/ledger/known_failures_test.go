package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

const badName = "refused_by_hello_charles:bad_name"

// refused are n refusals that the same content would get again.
func refused(n int) []ledger.MemberOutcome {
	outcomes := all(audience.Refused, n)
	for i := range outcomes {
		outcomes[i].Reason, outcomes[i].Field = badName, "first_name"
		outcomes[i].Message, outcomes[i].Permanent = "The first name is not allowed.", true
	}
	return outcomes
}

// invalid is one member that our own checks hold back.
func invalid() []ledger.MemberOutcome {
	return []ledger.MemberOutcome{{Outcome: audience.Invalid, Reason: string(audience.EmailNotAnAddress), Field: "email"}}
}

// wholeRun reads members, settles all of them with the outcomes, and closes.
func wholeRun(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember, outcomes []ledger.MemberOutcome) ledger.RunRef {
	tb.Helper()
	ref, err := l.OpenRun(tb.Context(), o)
	require.NoError(tb, err)
	read(tb, l, ref, list)
	sendStaged(tb, l, ref, outcomes)
	require.NoError(tb, l.CloseRun(tb.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	return ref
}

// sendStaged settles the members that wait in batches, in order.
func sendStaged(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, outcomes []ledger.MemberOutcome) {
	tb.Helper()
	for number := int64(1); len(outcomes) > 0; number++ {
		batch, err := l.Batch(tb.Context(), ref, number)
		require.NoError(tb, err)
		require.NoError(tb, l.MarkSent(tb.Context(), ref, number, 1))
		size := len(batch.Members)
		_, err = l.Settle(tb.Context(), ref, batch, outcomes[:size])
		require.NoError(tb, err)
		outcomes = outcomes[size:]
	}
}

// readAgain opens a run, reads members, and returns what became of them.
func readAgain(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember) (ledger.RunRef, ledger.PageResult) {
	tb.Helper()
	ref, err := l.OpenRun(tb.Context(), o)
	require.NoError(tb, err)
	read(tb, l, ref, list)
	sum, err := l.PageResults(tb.Context(), ref, 0)
	require.NoError(tb, err)
	return ref, sum
}

func failuresOf(tb testing.TB, l *ledger.Ledger, q ledger.FailureQuery) []ledger.Failure {
	tb.Helper()
	var found []ledger.Failure
	for failure, err := range l.Failures(tb.Context(), q) {
		require.NoError(tb, err)
		found = append(found, failure)
	}
	return found
}

func TestAPermanentRefusalIsKnownWhenTheMemberIsReadAgain(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), slices.Concat(refused(1), all(audience.Created, 1)))

	ref, sum := readAgain(t, l, opening("b"), members(0, 2, "v1"))
	require.Equal(t, ledger.PageResult{
		Read: 2, Outcomes: audience.Outcomes{Refused: 1, Unchanged: 1}, Reasons: map[string]int64{badName: 1}, Known: 1,
	}, sum)
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Zero(t, tally.Requests)
	require.Equal(t, int64(1), tally.Known)
	require.Zero(t, tally.NewFailures())

	failure := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0]
	require.True(t, failure.Known)
	require.Equal(t, int64(1), failure.FirstRun)
	require.Equal(t, int64(2), failure.Run)
	require.Zero(t, failure.Sends)
	require.Equal(t, "The first name is not allowed.", failure.Message)
	require.Equal(t, "first_name", failure.Field)
}

func TestAnInvalidMemberIsKnownHoweverLongAgoItWasChecked(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 1, "v1"), invalid())
	ref := openRun(t, l, "b")
	reading, err := l.Reading(t.Context(), ref, staging, 0)
	require.NoError(t, err)
	sum, err := reading.Commit(t.Context(), ledger.PageInput{Members: members(0, 1, "v1"), Last: true})
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Invalid: 1}, sum.Outcomes)
	require.Equal(t, int64(1), sum.Known)
}

func TestAKnownFailureIsSentAgainWhen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version    string
		open       func(*ledger.Opening)
		retryAfter time.Duration
		between    func(testing.TB, *ledger.Ledger)
	}{
		"the member has changed":                  {version: "v2"},
		"what Hello Charles has is another":       {open: func(o *ledger.Opening) { o.KnownBy = "another digest" }},
		"the run sends everything":                {open: func(o *ledger.Opening) { o.Full = true }},
		"the time that refusals count has passed": {retryAfter: time.Nanosecond},
		"somebody asked for it": {between: func(tb testing.TB, l *ledger.Ledger) {
			tb.Helper()
			n, err := l.RetryFailures(tb.Context(), "spring", ledger.RetryQuery{})
			require.NoError(tb, err)
			require.Equal(tb, int64(1), n)
		}},
		"it was sent without an answer since": {between: func(tb testing.TB, l *ledger.Ledger) {
			tb.Helper()
			other := opening("dies")
			other.KnownBy = "another digest"
			ref, _ := readAgain(tb, l, other, members(0, 1, "v1"))
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
		}},
		"it was accepted since, and changed back": {between: func(tb testing.TB, l *ledger.Ledger) {
			tb.Helper()
			wholeRun(tb, l, opening("accepted"), members(0, 1, "v2"), all(audience.Created, 1))
		}},
		"a passing refusal came since": {between: func(tb testing.TB, l *ledger.Ledger) {
			tb.Helper()
			full := opening("busy")
			full.Full = true
			wholeRun(tb, l, full, members(0, 1, "v1"), all(audience.Refused, 1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			wholeRun(t, l, opening("a"), members(0, 1, "v1"), refused(1))
			if test.between != nil {
				test.between(t, l)
			}
			o := opening("b")
			if test.open != nil {
				test.open(&o)
			}
			ref, err := l.OpenRun(t.Context(), o)
			require.NoError(t, err)
			version, retryAfter := "v1", week
			if test.version != "" {
				version = test.version
			}
			if test.retryAfter != 0 {
				retryAfter = test.retryAfter
			}
			reading, err := l.Reading(t.Context(), ref, staging, retryAfter)
			require.NoError(t, err)
			sum, err := reading.Commit(t.Context(), ledger.PageInput{Members: members(0, 1, version), Last: true})
			require.NoError(t, err)
			require.Equal(t, int64(1), sum.Staged)
			require.Zero(t, sum.Known)
		})
	}
}

func TestWhatMayPassIsNotRemembered(t *testing.T) {
	t.Parallel()
	for _, outcome := range []audience.Outcome{audience.Refused, audience.Unresolved} {
		l := open(t)
		wholeRun(t, l, opening("a"), members(0, 1, "v1"), all(outcome, 1))
		_, sum := readAgain(t, l, opening("b"), members(0, 1, "v1"))
		require.Equal(t, int64(1), sum.Staged, outcome)
	}
}

func TestAMemberWhoseUpdateIsRefusedStaysMarkedAndIsStaleUntilItIsTaken(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 1, "v1"), all(audience.Created, 1))
	ref := wholeRunOpen(t, l, opening("b"), members(0, 1, "v2"), refused(1))
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 1, Stale: 1}, expected)

	ref, sum := readAgain(t, l, opening("c"), members(0, 1, "v2"))
	require.Equal(t, audience.Outcomes{Refused: 1}, sum.Outcomes)
	require.Equal(t, int64(1), sum.Known)
	expected, err = l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 1, Stale: 1}, expected)
}

// wholeRunOpen is a run before it is closed.
func wholeRunOpen(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember, outcomes []ledger.MemberOutcome) ledger.RunRef {
	tb.Helper()
	ref, _ := readAgain(tb, l, o, list)
	sendStaged(tb, l, ref, outcomes)
	return ref
}

func TestContentThatWasAcceptedAndIsRefusedNowIsNotUnchanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outcomes []ledger.MemberOutcome
		then     ledger.PageResult
	}{
		"for good":       {refused(1), ledger.PageResult{Read: 1, Outcomes: audience.Outcomes{Refused: 1}, Reasons: map[string]int64{badName: 1}, Known: 1}},
		"for the moment": {all(audience.Refused, 1), ledger.PageResult{Read: 1, Staged: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			wholeRun(t, l, opening("a"), members(0, 1, "v1"), all(audience.Created, 1))
			full := opening("b")
			full.Full = true
			wholeRun(t, l, full, members(0, 1, "v1"), test.outcomes)
			_, sum := readAgain(t, l, opening("c"), members(0, 1, "v1"))
			require.Equal(t, test.then, sum)
		})
	}
}

func TestARefusalThatComesBackKeepsItsFirstRun(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 1, "v1"), refused(1))
	full := opening("b")
	full.Full = true
	wholeRun(t, l, full, members(0, 1, "v1"), refused(1))
	require.Empty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring", NewOnly: true}), "run 1 met it")
	require.Equal(t, int64(1), failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0].FirstRun)
	wholeRun(t, l, opening("c"), members(0, 1, "v2"), refused(1))
	require.Equal(t, int64(3), failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0].FirstRun)
}

func TestKnownFailuresOfOneSyncDoNotCountForAnother(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 1, "v1"), refused(1))
	other := opening("b")
	other.Sync = "summer"
	_, sum := readAgain(t, l, other, members(0, 1, "v1"))
	require.Equal(t, int64(1), sum.Staged)
}

func TestRejectedMembersAreKnownIfTheLastCompleteRunHadThem(t *testing.T) {
	t.Parallel()
	l := open(t)
	page := ledger.PageInput{Last: true, Rejected: []ledger.RejectedMember{
		{Position: 1, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Field: "phone", Fingerprint: []byte("first")},
		{Position: 2, Outcome: audience.Invalid, Reason: audience.ReferenceHashed, Field: "phone", Fingerprint: []byte("second")},
		{Position: 3, Outcome: audience.Suppressed, Reason: audience.ReferenceMissing, Fingerprint: []byte("third")},
	}}
	want := ledger.PageResult{
		Read: 3, Outcomes: audience.Outcomes{Invalid: 2, Suppressed: 1},
		Reasons: map[string]int64{string(audience.ReferenceMissing): 2, string(audience.ReferenceHashed): 1},
	}
	for run, known := range []int64{0, 2, 2, 1} {
		ref := openRun(t, l, string(rune('a'+run)))
		if run == 2 {
			page.Rejected[1].Position = 7 // where it is does not matter
		}
		if run == 3 {
			page.Rejected[0].Fingerprint = []byte("changed")
		}
		require.NoError(t, commit(t, l, ref, page).Finish(t.Context()))
		sum, err := l.PageResults(t.Context(), ref, 0)
		require.NoError(t, err)
		want.Known = known
		require.Equal(t, want, sum)
		require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	}
	found := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, found, 2)
	require.Equal(t, int64(4), found[0].FirstRun)
	require.Equal(t, int64(1), found[1].FirstRun)
	require.Empty(t, found[1].Reference)
	require.Equal(t, "page 1, member 7", found[1].Place)
}

func TestRejectedMembersStayKnownOverRunsThatSayNothingAboutThem(t *testing.T) {
	t.Parallel()
	l := open(t)
	rejected := ledger.PageInput{Last: true, Rejected: []ledger.RejectedMember{
		{Position: 1, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Fingerprint: []byte("first")},
	}}
	ref := openRun(t, l, "a")
	require.NoError(t, commit(t, l, ref, rejected).Finish(t.Context()))
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))

	cancelled := openRun(t, l, "b")
	commit(t, l, cancelled, ledger.PageInput{Members: members(0, 1, "v1")})
	require.NoError(t, l.CloseRun(t.Context(), cancelled, ledger.Closing{Report: []byte(`{}`)}))

	declined := openRun(t, l, "c") // Its audience was cut: the member was not in it.
	require.NoError(t, commit(t, l, declined, ledger.PageInput{Members: members(0, 1, "v1"), Last: true}).Finish(t.Context()))
	require.NoError(t, l.EndUnsent(t.Context(), declined))
	require.NoError(t, l.CloseRun(t.Context(), declined, ledger.Closing{Report: []byte(`{}`)}))

	full := opening("d")
	full.Full = true
	ref, err := l.OpenRun(t.Context(), full)
	require.NoError(t, err)
	commit(t, l, ref, rejected)
	found := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.True(t, found[0].Known)
	require.Equal(t, int64(1), found[0].FirstRun)
}

func TestRetryingChoosesByReasonAndReference(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 3, "v1"), slices.Concat(refused(2), invalid()))
	for _, test := range []struct {
		query ledger.RetryQuery
		n     int64
	}{
		{ledger.RetryQuery{Reason: "refused_by_hello_charles"}, 2},
		{ledger.RetryQuery{Reason: badName}, 2},
		{ledger.RetryQuery{Reason: "refused"}, 0},
		{ledger.RetryQuery{Reason: badName, Reference: "+4915100000002"}, 0},
		{ledger.RetryQuery{Reference: "+4915100000001"}, 1},
		{ledger.RetryQuery{Reference: "+4915199999999"}, 0},
	} {
		n, err := l.RetryFailures(t.Context(), "spring", test.query)
		require.NoError(t, err)
		require.Equal(t, test.n, n, test.query)
	}
	_, err := l.RetryFailures(t.Context(), "sping", ledger.RetryQuery{})
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.ErrorContains(t, err, "those that have: spring")

	ref, sum := readAgain(t, l, opening("b"), members(0, 3, "v1"))
	require.Equal(t, int64(2), sum.Staged)
	require.Equal(t, audience.Outcomes{Invalid: 1}, sum.Outcomes)
	sendStaged(t, l, ref, refused(2))
	_, sum = readAgain(t, l, opening("c"), members(0, 3, "v1"))
	require.Equal(t, int64(3), sum.Known, "it is sent again once")
}
