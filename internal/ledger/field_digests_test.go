package ledger_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// takenWithDigests are the outcomes of members who were taken, and the digests of
// their fields.
func takenWithDigests(n int) []ledger.MemberOutcome {
	outcomes := all(audience.Created, n)
	for i := range outcomes {
		outcomes[i].FieldDigests = []byte("v1")
	}
	return outcomes
}

// digests are what the ledger holds of the fields of members, "" for none.
func digests(t *testing.T, address string, list ...ledger.ReadMember) []string {
	t.Helper()
	all := make([]string, len(list))
	for i, member := range list {
		var print, fields []byte
		err := ledgertest.SQL(t, address).QueryRowContext(t.Context(), `
			SELECT fingerprint, field_digests FROM memberships JOIN contacts ON contacts.id = contact_id JOIN syncs ON syncs.id = sync_id
			WHERE contacts.reference = $1 AND syncs.name = 'spring'`, member.Reference).Scan(&print, &fields)
		if !errors.Is(err, sql.ErrNoRows) {
			require.NoError(t, err)
		}
		require.Equal(t, print == nil, fields == nil, "they come and go with the fingerprint")
		all[i] = string(fields)
	}
	return all
}

// TestDigestsOfFieldsComeAndGoWithTheFingerprint starts from a member that was
// taken with one content, and says what is left of it.
func TestDigestsOfFieldsComeAndGoWithTheFingerprint(t *testing.T) {
	t.Parallel()
	refusal := ledger.MemberOutcome{Outcome: audience.Refused, Reason: badName, Permanent: true}
	silence := ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: "silence"}
	full := opening("b")
	full.Full = true
	again := func(o ledger.Opening, version string, outcome ledger.MemberOutcome) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			t.Helper()
			wholeRun(t, l, o, members(0, 1, version), []ledger.MemberOutcome{outcome})
		}
	}
	for name, c := range map[string]struct {
		then func(*testing.T, *ledger.Ledger)
		left string
	}{
		"nothing":             {func(*testing.T, *ledger.Ledger) {}, "v1"},
		"other content taken": {again(opening("b"), "v2", ledger.MemberOutcome{Outcome: audience.Updated, FieldDigests: []byte("v2")}), "v2"},
		"refused with another": {again(opening("b"), "v2", ledger.MemberOutcome{
			Outcome: audience.Refused, Reason: badName, Permanent: true, FieldDigests: []byte("v2"),
		}), "v1"},
		"refused with the same":          {again(full, "v1", refusal), ""},
		"refused for now with the same":  {again(full, "v1", ledger.MemberOutcome{Outcome: audience.Refused, Reason: badName}), ""},
		"nobody knows":                   {again(opening("b"), "v2", silence), ""},
		"refused after a silent request": {doubtful, ""},
		"sent by a run that died":        {dying, ""},
		"invalid now with the same":      {invalidNow, ""},
		"tried by a person":              {tried, ""},
		"taken in a trial":               {takenInATrial, "v3"},
		"planned with another": {func(t *testing.T, l *ledger.Ledger) {
			t.Helper()
			closeRun(t, l, plan(t, l, planning("b"), members(0, 1, "v2")))
		}, "v1"},
		"left, and the marker is taken":    {leaves(audience.Removed), ""},
		"left, and nobody knows":           {leaves(audience.Unresolved), ""},
		"left, and the marker stays there": {leaves(audience.Refused), "v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := ledgertest.Address(t)
			l := openWith(t, address)
			wholeRun(t, l, opening("a"), members(0, 1, "v1"), takenWithDigests(1))
			c.then(t, l)
			require.Equal(t, []string{c.left}, digests(t, address, members(0, 1, "")...))
		})
	}
}

func doubtful(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	ref, _ := readAgain(t, l, opening("b"), members(0, 1, "v2"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 2))
	_, err := settle(t, l, ref, 1, []ledger.MemberOutcome{{Outcome: audience.Refused, Reason: badName, Permanent: true}})
	require.NoError(t, err)
}

func dying(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	ref, _ := readAgain(t, l, opening("b"), members(0, 1, "v2"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	openRun(t, l, "c")
}

func invalidNow(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	o := opening("b")
	o.Full = true
	ref, err := l.OpenRun(t.Context(), o)
	require.NoError(t, err)
	commit(t, l, ref, ledger.PageInput{Members: members(0, 1, "v1"), Check: rejecting})
}

func tried(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 1, "v3")))
}

func takenInATrial(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	tried(t, l)
	taken := members(0, 1, "v3")
	taken[0].FieldDigests = []byte("v3")
	require.NoError(t, l.EndTrial(t.Context(), "spring", taken))
}

func leaves(outcome audience.Outcome) func(*testing.T, *ledger.Ledger) {
	return func(t *testing.T, l *ledger.Ledger) {
		t.Helper()
		ref, _ := readAgain(t, l, opening("b"), nil)
		decision := decide(t, l, ref, mirroring())
		settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: outcome, Reason: "x", Permanent: true})
	}
}

func TestAnAdoptedContactHasNoDigestsOfFields(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	adopt(t, l, members(0, 1, ""), 0)
	require.Equal(t, []string{""}, digests(t, address, members(0, 1, "")...))
	require.Equal(t, []string{"00000000 changed unknown"}, said(t, l, plan(t, l, planning("a"), members(0, 1, "v1"))))
}

func TestWhoIsMarkedAgainLosesDigestsAndGetsThemBack(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l, p := openWith(t, address), people{0: {Phone: 10}, 1: {Phone: 10}}
	ref := p.read(t, l, opening("a"), p.members("v1", 0, 1))
	sendStaged(t, l, ref, takenWithDigests(2))
	closeRun(t, l, ref)
	stays := p.members("v1", 1)
	ref = p.read(t, l, opening("b"), stays)
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(1), decision.MarkedAgain)
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	require.Equal(t, []string{""}, digests(t, address, stays...))
	settleAll(t, l, ref, decision.MarkBatches, ledger.MemberOutcome{Outcome: audience.Updated})
	require.Equal(t, []string{"v1"}, digests(t, address, stays...))
}
