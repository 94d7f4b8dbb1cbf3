package ledger_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// firstNames compares fields as the mapping does: the digests are the version of the
// content, after a byte for the mapping.
func firstNames(member ledger.ReadMember, accepted []byte) (names []string, sameMapping bool, err error) {
	switch {
	case accepted == nil:
		return []string{"first_name", "phone"}, true, nil
	case accepted[0] != 'v':
		return nil, false, nil
	case strings.TrimLeft(string(member.Fingerprint), "0 ") == string(accepted):
		return nil, true, nil
	}
	return []string{"birth_date", "first_name"}, true, nil
}

func planning(token string) ledger.Opening {
	o := opening(token)
	o.PlanOnly = true
	return o
}

// plan reads members for a plan, and decides as a mirror does.
func plan(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list ...[]ledger.ReadMember) ledger.RunRef {
	tb.Helper()
	ref, err := l.OpenRun(tb.Context(), o)
	require.NoError(tb, err)
	pages := make([]ledger.PageInput, 0, len(list))
	for i, some := range list {
		pages = append(pages, ledger.PageInput{Members: some, Last: i == len(list)-1, Next: audience.Cursor(fmt.Sprint(i)), Changed: firstNames})
	}
	require.NoError(tb, commit(tb, l, ref, pages...).Finish(tb.Context()))
	decide(tb, l, ref, mirroring())
	return ref
}

// said are samples as a test names them: who, what, why or which fields.
func said(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) []string {
	tb.Helper()
	samples, err := l.Samples(tb.Context(), ref.Sync, ref.Run, ledger.MostSamples)
	require.NoError(tb, err)
	all := make([]string, 0, len(samples))
	for _, s := range samples {
		all = append(all, strings.TrimSpace(fmt.Sprint(strings.TrimPrefix(s.Reference, "+49151"), " ", s.Kind, " ", s.Why, strings.Join(s.Fields, ","))))
	}
	return all
}

func TestAPlanKeepsSamplesOfWhatARunWouldDo(t *testing.T) {
	t.Parallel()
	l := open(t)
	outcomes := takenWithDigests(9)
	outcomes[3].FieldDigests = []byte("another mapping")
	outcomes[4] = ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: "silence"}
	outcomes[5].FieldDigests = []byte("v2")
	wholeRun(t, l, opening("a"), members(100, 9, "v1"), outcomes)
	list := slices.Concat(members(101, 5, "v2"), members(106, 1, "v1"), members(107, 1, "v2"), members(200, 1, "v1"))
	list[0].Fingerprint = members(0, 1, "v1")[0].Fingerprint
	list[6].Suppressed = &ledger.Suppression{Reason: audience.ExcludedByFilter}
	require.Equal(t, []string{
		"00000200 new first_name,phone",
		"00000102 changed birth_date,first_name",
		"00000103 changed mapping",
		"00000104 changed unknown",
		"00000105 changed labels",
		"00000100 leaver", "00000107 leaver suppressed", "00000108 leaver",
	}, said(t, l, plan(t, l, planning("b"), list)))
	full := planning("c")
	full.Full = true
	require.Contains(t, said(t, l, plan(t, l, full, list)), "00000101 changed full")
}

func TestASampleSaysThatALeaverIsToBeForgotten(t *testing.T) {
	t.Parallel()
	l := open(t)
	marks(t, l, mirrored("a"), members(0, 3, "v1"))
	forget(t, l, members(1, 1, "")[0].Reference, false)
	planned := mirrored("b")
	planned.PlanOnly = true
	require.Equal(t, []string{"00000001 leaver forgotten", "00000002 leaver"}, said(t, l, plan(t, l, planned, members(0, 2, "v1"))))
}

func TestARunKeepsNoSamplesAndSaysSo(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address, ledger.WithFailureKey(secret))
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), takenWithDigests(2))
	ref := plan(t, l, opening("b"), append(members(1, 1, "v2"), members(2, 1, "v1")...))
	require.Empty(t, rowsOf(t, ledgertest.SQL(t, address), "samples"))
	_, err := l.Samples(t.Context(), ref.Sync, ref.Run, 1)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.ErrorContains(t, err, "run 2 of sync spring in this ledger is no plan")
}

func TestTheNumberOfSamplesIsBoundedWhoeverReads(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	wholeRun(t, l, opening("a"), members(0, 60, "v1"), takenWithDigests(60))
	ref, err := l.OpenRun(t.Context(), planning("b"))
	require.NoError(t, err)
	page := func(from int, next string, last bool) ledger.PageInput {
		return ledger.PageInput{
			Members: slices.Concat(members(from, 15, "v2"), members(from+100, 15, "v1")), Next: audience.Cursor(next), Last: last, Changed: firstNames,
		}
	}
	late, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	commit(t, l, ref, page(0, "1", false))
	_, err = late.Commit(t.Context(), page(0, "1", false))
	require.ErrorIs(t, err, ledger.ErrMoved)
	// Another worker goes on.
	reading := commit(t, l, ref, page(15, "2", true))
	require.NoError(t, reading.Finish(t.Context()))
	for range 2 {
		decide(t, l, ref, mirroring())
		require.Len(t, rowsOf(t, ledgertest.SQL(t, address), "samples"), 3*ledger.MostSamples)
	}
	kinds := map[ledger.SampleKind]int{}
	few, err := l.Samples(t.Context(), "spring", ref.Run, 2)
	require.NoError(t, err)
	for _, s := range few {
		kinds[s.Kind]++
	}
	require.Equal(t, map[ledger.SampleKind]int{ledger.SampleNew: 2, ledger.SampleChanged: 2, ledger.SampleLeaver: 2}, kinds)
}

func TestNewValuesOfSamplesAreKeptWithAKeyOnly(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]ledger.Option{"with": {ledger.WithFailureKey(secret)}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := ledgertest.Address(t)
			l := openWith(t, address, options...)
			wholeRun(t, l, opening("a"), members(0, 1, "v1"), takenWithDigests(1))
			plan(t, l, planning("b"), append(members(0, 1, "v2"), members(1, 1, "v1")...))
			samples, err := l.Samples(t.Context(), "spring", 2, ledger.MostSamples)
			require.NoError(t, err)
			require.Len(t, samples, 2)
			for i, want := range []audience.Member{{"first_name": "Zoë", "phone": "0151 00000001"}, {"first_name": "Zoë", "birth_date": nil}} {
				require.Equal(t, options != nil, samples[i].HasValues())
				values, err := samples[i].Values()
				require.NoError(t, err)
				if options == nil {
					want = nil
				}
				require.Equal(t, want, values)
			}
			if options == nil {
				return
			}
			locked, err := openWith(t, address).Samples(t.Context(), "spring", 2, 1)
			require.NoError(t, err)
			_, err = locked[0].Values()
			require.ErrorIs(t, err, ledger.ErrNoFailureKey)
		})
	}
}

func TestSamplesLastUntilTheNextRunOrPlanOfTheSync(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*ledger.Opening){
		"a run":        func(*ledger.Opening) {},
		"a plan":       func(o *ledger.Opening) { o.PlanOnly = true },
		"a retirement": func(o *ledger.Opening) { o.Retire = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := ledgertest.Address(t)
			l := openWith(t, address)
			other := planning("of another sync")
			other.Sync = "summer"
			closeRun(t, l, plan(t, l, other, members(0, 1, "v1")))
			ref := plan(t, l, planning("a"), members(0, 3, "v1"))
			closeRun(t, l, ref)
			require.Len(t, said(t, l, ref), 3)
			o := opening("b")
			next(&o)
			_, err := l.OpenRun(t.Context(), o)
			require.NoError(t, err)
			require.Len(t, rowsOf(t, ledgertest.SQL(t, address), "samples"), 1, "the other sync's")
			_, err = l.Samples(t.Context(), "spring", ref.Run, 1)
			require.ErrorIs(t, err, ledger.ErrNotFound)
			require.ErrorContains(t, err, "because a newer run or plan has opened")
		})
	}
}

func TestADroppedReadHasNoSamples(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := plan(t, l, planning("a"), members(0, 3, "v1"))
	require.NoError(t, l.DropRead(t.Context(), ref))
	require.Empty(t, said(t, l, ref))
	require.NoError(t, commit(t, l, ref, ledger.PageInput{Members: members(1, 2, "v1"), Last: true, Changed: firstNames}).Finish(t.Context()))
	require.Equal(t, []string{"00000001 new first_name,phone", "00000002 new first_name,phone"}, said(t, l, ref))
}

func TestDroppedSamplesCannotBeReadInTheFilesAnyMore(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	dir := filepath.Dir(strings.TrimPrefix(address, "sqlite:"))
	l := openWith(t, address, ledger.WithFailureKey(secret))
	closeRun(t, l, plan(t, l, planning("a"), members(0, 1, "v1")))
	var sealed []byte
	require.NoError(t, ledgertest.SQL(t, address).QueryRowContext(t.Context(), `SELECT raw FROM samples`).Scan(&sealed))
	require.Positive(t, copies(t, dir, sealed), "the test finds what is there")
	ref := openRun(t, l, "b")
	closeRun(t, l, ref)
	require.Zero(t, copies(t, dir, sealed))
}
