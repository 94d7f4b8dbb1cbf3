package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func TestMembershipsAreThoseThatMayBeMarked(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 3, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	_, err := settle(t, l, ref, 1, []ledger.MemberOutcome{
		{Outcome: audience.Created}, {Outcome: audience.Refused, Reason: "no", Permanent: true}, {Outcome: audience.Unresolved, Reason: "silence"},
	})
	require.NoError(t, err)
	var all []ledger.MemberRecord
	for member, err := range l.Memberships(t.Context(), "spring") {
		require.NoError(t, err)
		all = append(all, member)
	}
	require.Equal(t, []ledger.MemberRecord{
		{Reference: "+4915100000000", Membership: ledger.MemberYes, AcceptedRun: 1},
		{Reference: "+4915100000002", Membership: ledger.MemberUnknown},
	}, all)
	for _, err := range l.Memberships(t.Context(), "autumn") {
		require.ErrorIs(t, err, ledger.ErrNotFound)
	}
}

func TestMembershipsOfManyPagesComeOnceAndInOrder(t *testing.T) {
	t.Parallel()
	l := open(t)
	o := opening("a")
	o.BatchSize = 5500
	wholeRun(t, l, o, members(0, 11_000, "v1"), all(audience.Created, 11_000))
	next := 0
	for member, err := range l.Memberships(t.Context(), "spring") {
		require.NoError(t, err)
		require.Equal(t, members(next, 1, "")[0].Reference, member.Reference)
		next++
	}
	require.Equal(t, 11_000, next)
}
