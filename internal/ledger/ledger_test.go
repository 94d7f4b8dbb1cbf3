package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

const (
	staging = 1 << 30
	week    = 7 * 24 * time.Hour
)

func open(tb testing.TB) *ledger.Ledger {
	tb.Helper()
	return openWith(tb, ledgertest.Address(tb))
}

func opening(token string) ledger.Opening {
	return ledger.Opening{
		Token: token, Sync: "spring", Workspace: "https://acme.example zeotap", AudienceID: "984", Reference: "phone as e164",
		Spec: []byte(`{"sync":"spring"}`), BatchSize: 10,
	}
}

func openRun(tb testing.TB, l *ledger.Ledger, token string) ledger.RunRef {
	tb.Helper()
	ref, err := l.OpenRun(tb.Context(), opening(token))
	require.NoError(tb, err)
	return ref
}

// members returns n members whose content depends on version.
func members(from, n int, version string) []ledger.ReadMember {
	list := make([]ledger.ReadMember, n)
	for i := range list {
		list[i] = ledger.ReadMember{
			Reference:   fmt.Sprintf("+49151%08d", from+i),
			Fingerprint: fmt.Appendf(nil, "%016s", version),
			Mapped:      audience.Member{"phone": fmt.Sprintf("0151 %08d", from+i), "first_name": "Zoë"},
		}
	}
	return list
}

func commit(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, pages ...ledger.PageInput) *ledger.Reading {
	tb.Helper()
	reading, err := l.Reading(tb.Context(), ref, staging, week)
	require.NoError(tb, err)
	for _, page := range pages {
		_, err := reading.Commit(tb.Context(), page)
		require.NoError(tb, err)
	}
	return reading
}

// read reads all members in one page, of whom some are drawn, and finishes the read.
func read(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, list []ledger.ReadMember) {
	tb.Helper()
	reading := commit(tb, l, ref, ledger.PageInput{Members: list, Last: true, Sample: 3})
	require.NoError(tb, reading.Finish(tb.Context()))
}

func all(outcome audience.Outcome, n int) []ledger.MemberOutcome {
	outcomes := make([]ledger.MemberOutcome, n)
	for i := range outcomes {
		outcomes[i].Outcome = outcome
	}
	return outcomes
}

// sendAll settles every batch of a run with one outcome.
func sendAll(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, outcome audience.Outcome) {
	tb.Helper()
	run, err := l.Run(tb.Context(), ref)
	require.NoError(tb, err)
	for number := int64(1); number <= run.Batches; number++ {
		batch, err := l.Batch(tb.Context(), ref, number)
		require.NoError(tb, err)
		require.NoError(tb, l.MarkSent(tb.Context(), ref, number, 1))
		_, err = settle(tb, l, ref, number, all(outcome, len(batch.Members)))
		require.NoError(tb, err)
	}
}

// settle settles the batch as it stands.
func settle(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, number int64, outcomes []ledger.MemberOutcome) (ledger.Batch, error) {
	tb.Helper()
	batch, err := l.Batch(tb.Context(), ref, number)
	if err != nil {
		return batch, err
	}
	return l.Settle(tb.Context(), ref, batch, outcomes)
}

func TestLedgerFileIsReadableByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestLedgerKeepsItsIdentity(t *testing.T) {
	t.Parallel()
	address := "sqlite:" + filepath.Join(t.TempDir(), "a folder?#", "ledger.db")
	first, err := ledger.Open(t.Context(), address)
	require.NoError(t, err)
	id, key := first.ID(), first.Key()
	require.NoError(t, first.Close())
	again, err := ledger.Open(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, id, again.ID())
	require.Equal(t, key, again.Key())
	require.NoError(t, again.Close())
}

func TestOpeningARunTwiceWithOneTokenIsOneRun(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.Equal(t, ledger.RunRef{Sync: "spring", Run: 1, Epoch: 1}, openRun(t, l, "a"))
	require.Equal(t, ledger.RunRef{Sync: "spring", Run: 1, Epoch: 1}, openRun(t, l, "a"))
	require.Equal(t, ledger.RunRef{Sync: "spring", Run: 2, Epoch: 2}, openRun(t, l, "b"))
}

func TestARunKeepsWhatItWasOpenedWith(t *testing.T) {
	t.Parallel()
	l := open(t)
	o := opening("a")
	o.Surroundings, o.KnownBy, o.Full = []byte(`{"tags":["zeotap"]}`), "digest", true
	ref, err := l.OpenRun(t.Context(), o)
	require.NoError(t, err)
	run, err := l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, o.Surroundings, run.Surroundings)
	require.Equal(t, "digest", run.KnownBy)
	require.True(t, run.Full)
	plain, err := l.Run(t.Context(), openRun(t, l, "b"))
	require.NoError(t, err)
	require.Nil(t, plain.Surroundings)
	require.False(t, plain.Full)
}

func TestAFullRunSendsWhatIsUnchanged(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 3, "v1"), all(audience.Created, 3))
	full := opening("b")
	full.Full = true
	_, sum := readAgain(t, l, full, append(members(0, 3, "v1"), members(0, 1, "v1")...))
	require.Equal(t, int64(3), sum.Staged)
	require.Equal(t, audience.Outcomes{Duplicate: 1}, sum.Outcomes)
}

func TestPermanentPartsOfASyncMayNotChange(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ledger.Opening){
		"workspace":   func(o *ledger.Opening) { o.Workspace = "https://other.example zeotap" },
		"audience.id": func(o *ledger.Opening) { o.AudienceID = "985" },
		"reference":   func(o *ledger.Opening) { o.Reference = "email as raw" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			openRun(t, l, "a")
			changed := opening("b")
			change(&changed)
			require.ErrorContains(t, l.CheckOpening(t.Context(), changed), name)
			_, err := l.OpenRun(t.Context(), changed)
			var refused *ledger.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Contains(t, refused.Text, "give the changed sync a new name")
		})
	}
}

func TestAnOlderRunCanChangeNothingAnyMore(t *testing.T) {
	t.Parallel()
	l := open(t)
	old := openRun(t, l, "a")
	read(t, l, old, members(0, 20, "v1"))
	reading, err := l.Reading(t.Context(), old, staging, week)
	require.NoError(t, err)
	openRun(t, l, "b")

	_, err = reading.Commit(t.Context(), ledger.PageInput{})
	require.ErrorIs(t, err, ledger.ErrFenced)
	require.ErrorIs(t, l.MarkSent(t.Context(), old, 1, 1), ledger.ErrFenced)
	_, err = settle(t, l, old, 1, all(audience.Created, 10))
	require.ErrorIs(t, err, ledger.ErrFenced)
	_, err = l.Split(t.Context(), old, 1, true)
	require.ErrorIs(t, err, ledger.ErrFenced)
	require.ErrorIs(t, l.CloseRun(t.Context(), old, ledger.Closing{Report: []byte("{}"), Complete: true}), ledger.ErrFenced)
	_, err = l.Run(t.Context(), old)
	require.ErrorIs(t, err, ledger.ErrFenced)
}

func TestMembersArePackedIntoFullBatchesAcrossPages(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	commit(t, l, ref,
		ledger.PageInput{Members: members(0, 13, "v1"), Next: "p2"},
		ledger.PageInput{Members: members(13, 4, "v1"), Next: "p3"})
	// Another worker goes on with the third page.
	commit(t, l, ref, ledger.PageInput{Members: members(17, 8, "v1"), Last: true})

	var sizes []int
	for number := int64(1); number <= 3; number++ {
		batch, err := l.Batch(t.Context(), ref, number)
		require.NoError(t, err)
		require.Equal(t, ledger.BatchStaged, batch.State)
		sizes = append(sizes, len(batch.Members))
	}
	require.Equal(t, []int{10, 10, 5}, sizes)
	_, err := l.Batch(t.Context(), ref, 4)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestAPageIsCommittedOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	one, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	other, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	_, err = one.Commit(t.Context(), ledger.PageInput{Members: members(0, 12, "v1"), Next: "p2"})
	require.NoError(t, err)
	_, err = other.Commit(t.Context(), ledger.PageInput{Members: members(0, 12, "v1"), Next: "p2"})
	require.ErrorIs(t, err, ledger.ErrMoved)

	again, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	require.Equal(t, int64(1), again.Page)
	require.Equal(t, audience.Cursor("p2"), again.Cursor)
	stored, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, int64(12), stored.Staged)
	fromSecond, err := l.PageResults(t.Context(), ref, 1)
	require.NoError(t, err)
	require.Zero(t, fromSecond.Read)
}

func TestTheFirstOfTwoEqualReferencesWinsAlsoAcrossPages(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	page := append(members(0, 3, "v1"), members(1, 1, "v1")...)
	commit(t, l, ref, ledger.PageInput{Members: page, Next: "p2"})
	commit(t, l, ref, ledger.PageInput{Members: members(2, 2, "v1"), Last: true})
	sum, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, int64(6), sum.Read)
	require.Equal(t, int64(4), sum.Staged)
	require.Equal(t, int64(2), sum.Outcomes.Duplicate)
	require.Equal(t, map[string]int64{string(audience.ReferenceSeenBefore): 2}, sum.Reasons)
}

func TestAcceptedMembersAreUnchangedUntilTheirContentChanges(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := openRun(t, l, "a")
	read(t, l, first, members(0, 10, "v1"))
	sendAll(t, l, first, audience.Created)
	require.NoError(t, l.CloseRun(t.Context(), first, ledger.Closing{Report: []byte(`{}`), Complete: true}))

	second := openRun(t, l, "b")
	read(t, l, second, append(members(0, 7, "v1"), members(7, 3, "v2")...))
	sum, err := l.PageResults(t.Context(), second, 0)
	require.NoError(t, err)
	require.Equal(t, int64(7), sum.Outcomes.Unchanged)
	require.Equal(t, int64(3), sum.Staged)
}

func TestWhatADeadRunSentIsSentAgain(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := openRun(t, l, "a")
	read(t, l, first, members(0, 30, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), first, 1, 1))
	_, err := settle(t, l, first, 1, all(audience.Created, 10))
	require.NoError(t, err)
	// The second batch may have arrived; its members come back with the
	// content that was accepted before.
	require.NoError(t, l.MarkSent(t.Context(), first, 2, 1))

	second := openRun(t, l, "b")
	read(t, l, second, members(0, 30, "v1"))
	sum, err := l.PageResults(t.Context(), second, 0)
	require.NoError(t, err)
	require.Equal(t, int64(10), sum.Outcomes.Unchanged)
	require.Equal(t, int64(20), sum.Staged)
}

func TestAMemberThatWasAcceptedAndThenSentWithoutAnswerIsNeverUnchanged(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := openRun(t, l, "a")
	read(t, l, first, members(0, 10, "v1"))
	sendAll(t, l, first, audience.Created)
	require.NoError(t, l.CloseRun(t.Context(), first, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	second := openRun(t, l, "b")
	read(t, l, second, members(0, 10, "v2"))
	require.NoError(t, l.MarkSent(t.Context(), second, 1, 1))

	third := openRun(t, l, "c")
	read(t, l, third, members(0, 10, "v1")) // the content changed back
	sum, err := l.PageResults(t.Context(), third, 0)
	require.NoError(t, err)
	require.Equal(t, int64(10), sum.Staged)
}

func TestTheAccountOfARunAddsUp(t *testing.T) {
	t.Parallel()
	l := open(t)
	earlier := openRun(t, l, "a")
	read(t, l, earlier, members(0, 20, "v1"))
	sendAll(t, l, earlier, audience.Created)
	require.NoError(t, l.CloseRun(t.Context(), earlier, ledger.Closing{Report: []byte(`{}`), Complete: true}))

	// 5 left, 5 are unchanged, 10 changed (3 of them are refused), 4 are new.
	ref := openRun(t, l, "b")
	list := append(members(5, 5, "v1"), append(members(10, 10, "v2"), members(20, 4, "v1")...)...)
	reading := commit(t, l, ref, ledger.PageInput{
		Members: list, Rejected: []ledger.RejectedMember{{Position: 9, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Field: "phone"}}, Last: true,
	})
	require.NoError(t, reading.Finish(t.Context()))
	for number, refused := range map[int64]int{1: 3, 2: 0} {
		batch, err := l.Batch(t.Context(), ref, number)
		require.NoError(t, err)
		require.NoError(t, l.MarkSent(t.Context(), ref, number, 1))
		outcomes := all(audience.Updated, len(batch.Members))
		for i := range refused {
			outcomes[i] = ledger.MemberOutcome{Outcome: audience.Refused, Reason: "refused_by_hello_charles:bad_name"}
		}
		_, err = settle(t, l, ref, number, outcomes)
		require.NoError(t, err)
	}

	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, int64(20), tally.Read)
	require.Equal(t, audience.Outcomes{Unchanged: 5, Updated: 11, Refused: 3, Invalid: 1}, tally.Outcomes)
	require.Equal(t, tally.Read, tally.Outcomes.Total())
	require.Equal(t, int64(2), tally.Batches)
	require.Equal(t, map[string]int64{"reference_missing": 1, "refused_by_hello_charles:bad_name": 3}, tally.Reasons)
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 24, Stale: 3, Left: 5}, expected)
}

func TestARunThatEndsEarlyLeavesNobodyWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	commit(t, l, ref, ledger.PageInput{Members: members(0, 34, "v1"), Next: "p2"})
	require.NoError(t, l.MarkSent(t.Context(), ref, 2, 1))
	_, err := settle(t, l, ref, 2, all(audience.Created, 10))
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, 3, 1))
	require.NoError(t, l.EndUnsent(t.Context(), ref))
	require.NoError(t, l.EndUnsent(t.Context(), ref), "ending twice changes nothing")

	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Created: 10, Unresolved: 24}, tally.Outcomes)
	require.Equal(t, map[string]int64{
		string(audience.NotSentBeforeEnd): 14, string(audience.SentWithoutAnswerAtStop): 10,
	}, tally.Reasons)
	listed := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, listed, 10, "who was sent without an answer is named, and who was not sent is counted")
	for i, one := range listed {
		require.Equal(t, fmt.Sprintf("+4915100000%03d", 20+i), one.Reference)
		require.Equal(t, audience.Unresolved, one.Outcome)
		require.Equal(t, string(audience.SentWithoutAnswerAtStop), one.Reason)
		require.Equal(t, 1, one.Sends)
	}
}

func TestStagingIsGoneAfterTheRun(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 20, "v1"))
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{"verdict":"equal"}`), Complete: true}))
	run, err := l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, run.Closed)
	require.JSONEq(t, `{"verdict":"equal"}`, string(run.Report))
	_, err = l.Batch(t.Context(), ref, 1)
	require.ErrorIs(t, err, ledger.ErrFenced)
}

func TestStagingIsBounded(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	reading, err := l.Reading(t.Context(), ref, 100, week)
	require.NoError(t, err)
	_, err = reading.Commit(t.Context(), ledger.PageInput{Members: members(0, 20, "v1"), Last: true})
	var full *ledger.StagingFullError
	require.ErrorAs(t, err, &full)
	require.ErrorContains(t, err, "limits.staging_megabytes")
}

func TestARunThatWasStoppedBeforeItOpenedDoesNotFenceANewerOne(t *testing.T) {
	t.Parallel()
	l := open(t)
	old, fresh := opening("old"), opening("new")
	old.StartedAt = time.Now()
	fresh.StartedAt = old.StartedAt.Add(time.Second)
	_, err := l.OpenRun(t.Context(), fresh)
	require.NoError(t, err)
	_, err = l.OpenRun(t.Context(), old)
	require.ErrorIs(t, err, ledger.ErrFenced)
}

func BenchmarkCommitPageOf10000(b *testing.B) {
	l := open(b)
	o := opening("a")
	o.BatchSize = 1000
	ref, err := l.OpenRun(b.Context(), o)
	require.NoError(b, err)
	reading, err := l.Reading(b.Context(), ref, staging, week)
	require.NoError(b, err)
	from := 0
	for b.Loop() {
		_, err := reading.Commit(b.Context(), ledger.PageInput{Members: members(from, 10_000, "v1"), Next: "next"})
		require.NoError(b, err)
		from += 10_000
	}
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "members/s")
}
