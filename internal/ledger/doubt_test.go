package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// TestARefusalAfterARequestWithoutAnAnswerHidesNothing sends new content twice:
// nobody answers the first request, the second is refused. Hello Charles may hold
// the new content, so the old one is not unchanged when it comes back, and a new
// contact is ours although it was refused.
func TestARefusalAfterARequestWithoutAnAnswerHidesNothing(t *testing.T) {
	t.Parallel()
	refusal := ledger.MemberOutcome{Outcome: audience.Refused, Reason: badName, Permanent: true}
	passing := ledger.MemberOutcome{Outcome: audience.Refused, Reason: "refused_by_hello_charles:busy"}
	alone := refusal
	alone.Sends = 2
	for name, test := range map[string]struct {
		requests int
		outcome  ledger.MemberOutcome
		doubtful bool
	}{
		"refused at once":                         {1, refusal, false},
		"refused for good":                        {2, refusal, true},
		"refused for the moment":                  {2, passing, true},
		"refused for good, sent alone":            {2, alone, true},
		"refused at once, others were sent alone": {3, ledger.MemberOutcome{Outcome: audience.Refused, Reason: badName, Permanent: true, Sends: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			wholeRun(t, l, opening("a"), members(0, 1, "v1"), all(audience.Created, 1))
			ref, _ := readAgain(t, l, opening("b"), append(members(0, 1, "v2"), members(1, 1, "v2")...))
			require.NoError(t, l.MarkSent(t.Context(), ref, 1, test.requests))
			batch, err := l.Batch(t.Context(), ref, 1)
			require.NoError(t, err)
			require.Equal(t, test.requests, batch.SentWithoutAnswer())
			_, err = l.Settle(t.Context(), ref, batch, []ledger.MemberOutcome{test.outcome, test.outcome})
			require.NoError(t, err)

			fresh, err := l.Outcomes(t.Context(), "spring", members(1, 1, "")[0].Reference)
			require.NoError(t, err)
			require.Equal(t, test.doubtful, fresh.Membership == ledger.MemberUnknown, "the new contact is %s", fresh.Membership)
			require.Equal(t, test.outcome.Permanent, fresh.KnownFailure != nil, "that it was refused is known all the same")
			require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
			_, sum := readAgain(t, l, opening("c"), members(0, 1, "v1"))
			require.Equal(t, test.doubtful, sum.Staged == 1, sum)
			require.Equal(t, !test.doubtful, sum.Outcomes.Unchanged == 1, sum)
		})
	}
}

func TestRequestsOfContactsSentAloneAreGivenToThem(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 3, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 4)) // one, two of which the first had no answer, and one more of the third
	batch, err := settle(t, l, ref, 1, []ledger.MemberOutcome{
		{Outcome: audience.Created, Sends: 1}, {Outcome: audience.Refused, Reason: badName, Permanent: true, Sends: 2},
	})
	require.NoError(t, err)
	require.Equal(t, 1, batch.SentWithoutAnswer(), "the third may have arrived")
	batch, err = l.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	require.Equal(t, 1, batch.SentWithoutAnswer())
	require.Equal(t, 2, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0].Sends)
}

func TestClosingARunKeepsNobodyWaitingBecauseSomebodyReads(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 3, "v1"))
	reader, err := ledgertest.SQL(t, address).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Rollback()) }()
	var runs int
	require.NoError(t, reader.QueryRowContext(t.Context(), `SELECT count(*) FROM runs`).Scan(&runs))

	// The reader goes on until the test ends: whoever waits for it is too late.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, l.CloseRun(ctx, ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	require.NoError(t, ctx.Err())
	openRun(t, l, "b")
}
