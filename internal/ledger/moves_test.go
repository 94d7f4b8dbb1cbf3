package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// people are members with their channels.
type people map[int]ledger.Channels

// members are some of the people, whose content depends on version.
func (p people) members(version string, which ...int) []ledger.ReadMember {
	list := make([]ledger.ReadMember, 0, len(which))
	for _, member := range which {
		list = append(list, members(member, 1, version)...)
	}
	return list
}

// read opens a run and reads members, who are sent with their channels.
func (p people) read(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember) ledger.RunRef {
	tb.Helper()
	by := map[string]ledger.Channels{}
	for member, channels := range p {
		by[members(member, 1, "")[0].Reference] = channels
	}
	ref, err := l.OpenRun(tb.Context(), o)
	require.NoError(tb, err)
	reading := commit(tb, l, ref, ledger.PageInput{Members: list, Last: true, Check: func(m ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
		return by[m.Reference], nil
	}})
	require.NoError(tb, reading.Finish(tb.Context()))
	return ref
}

// whole is a run in which all members are taken.
func (p people) whole(tb testing.TB, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember) {
	tb.Helper()
	ref := p.read(tb, l, o, list)
	sendAll(tb, l, ref, audience.Updated)
	closeRun(tb, l, ref)
}

// household is a ledger whose member 0 shares an email address with somebody of
// another sync, who shares a phone number with member 2. Member 3 shares nothing
// with them, and member 4 has the phone number of member 0.
func household(t *testing.T) (*ledger.Ledger, people) {
	t.Helper()
	l, p := open(t), people{0: {Phone: 10, Email: 20}, 1: {Phone: 11, Email: 20}, 2: {Phone: 11, Email: 22}, 3: {Phone: 13}, 4: {Phone: 10}}
	p.whole(t, l, opening("a"), p.members("v1", 0, 2, 3, 4))
	summer := opening("b")
	summer.Sync = "summer"
	p.whole(t, l, summer, p.members("v1", 1))
	return l, p
}

func TestWhoMayBeOneContactWithALeaverIsMarkedAgainAtAnyRemove(t *testing.T) {
	t.Parallel()
	l, p := household(t)
	ref := p.read(t, l, opening("c"), slices.Concat(p.members("v1", 2, 3), p.members("v2", 4)))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, ledger.Decision{
		Marked: 4, Leavers: 1, Moves: 1, MarkedAgain: 1,
		Members: ledger.Numbers{From: 1, To: 1}, LeaverBatches: ledger.Numbers{From: 2, To: 2}, MarkBatches: ledger.Numbers{From: 3, To: 3},
	}, decision)
	marks := batches(t, l, ref, decision.MarkBatches)
	require.Equal(t, ledger.BatchMarks, marks[0].Kind)
	require.Equal(t, referencesOf(p.members("", 2)), references(marks), "member 4 is sent anyway")
	require.Empty(t, marks[0].Members[0].Mapped)
}

func TestNobodyIsMarkedAgainWithoutNeed(t *testing.T) {
	t.Parallel()
	for name, stay := range map[string][]int{
		"nobody left":                      {0, 2, 3, 4},
		"who left shares with nobody":      {0, 2, 4},
		"all who share with a leaver left": {3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, p := household(t)
			ref := p.read(t, l, opening("c"), p.members("v1", stay...))
			decision := decide(t, l, ref, mirroring())
			require.Equal(t, int64(4-len(stay)), decision.Leavers)
			require.Zero(t, decision.Moves)
			require.Zero(t, decision.MarkedAgain)
			require.Zero(t, decision.MarkBatches.Count())
		})
	}
}

func TestEarlierChannelsCountForMoves(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]int{"of the leaver": 0, "of the member": 1} {
		for kind, first := range map[string]ledger.Channels{"phone": {Phone: 10}, "email": {Email: 10}} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				l, p := open(t), people{0: first, 1: first}
				p.whole(t, l, opening("a"), p.members("v1", 0, 1))
				p[who] = ledger.Channels{Phone: 77, Email: 88}
				p.whole(t, l, opening("b"), slices.Concat(p.members("v2", who), p.members("v1", 1-who)))
				version := []string{"v1", "v2"}[who]
				ref := p.read(t, l, opening("c"), p.members(version, 1))
				decision := decide(t, l, ref, mirroring())
				require.Equal(t, int64(1), decision.MarkedAgain)
				require.Equal(t, int64(1), decision.Moves)
			})
		}
	}
}

func TestChannelsOfARequestWithoutAnAnswerCountForMoves(t *testing.T) {
	t.Parallel()
	l, p := open(t), people{0: {Phone: 10}, 1: {Phone: 11}}
	p.whole(t, l, opening("a"), p.members("v1", 0, 1))
	p[0] = ledger.Channels{Phone: 11}
	ref := p.read(t, l, opening("b"), slices.Concat(p.members("v2", 0), p.members("v1", 1)))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1)) // and the run dies

	ref = p.read(t, l, opening("c"), p.members("v1", 1))
	require.Equal(t, int64(1), decide(t, l, ref, mirroring()).MarkedAgain)
}

func TestAMemberThatJoinsWithTheChannelsOfALeaverIsAMove(t *testing.T) {
	t.Parallel()
	l, p := open(t), people{0: {Phone: 10}, 1: {Phone: 11}, 2: {}, 3: {Phone: 10}, 4: {}}
	p.whole(t, l, opening("a"), p.members("v1", 0, 1, 2))
	ref := p.read(t, l, opening("b"), p.members("v1", 3, 4))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(3), decision.Leavers)
	require.Equal(t, int64(1), decision.Moves, "who has neither phone number nor email address shares none")
	require.Zero(t, decision.MarkedAgain)
}

func TestMarksArePackedIntoFullBatches(t *testing.T) {
	t.Parallel()
	l, p := open(t), people{}
	for member := range 41 {
		p[member] = ledger.Channels{Email: 20}
	}
	everybody := make([]ledger.ReadMember, 0, 41)
	outcomes := all(audience.Created, 41)
	for member := range 41 {
		everybody = append(everybody, p.members("v1", member)...)
		if member%3 == 1 { // never marked
			outcomes[member] = refused(1)[0]
		}
	}
	ref := p.read(t, l, opening("a"), everybody)
	sendStaged(t, l, ref, outcomes)
	closeRun(t, l, ref)

	ref = p.read(t, l, opening("b"), everybody[1:])
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(26), decision.MarkedAgain)
	require.Equal(t, []int{10, 10, 6}, sizes(batches(t, l, ref, decision.MarkBatches)))
}

// moved is a run that has decided to mark member 2 again.
func moved(t *testing.T) (*ledger.Ledger, people, ledger.RunRef, ledger.Decision) {
	t.Helper()
	l, p := household(t)
	ref := p.read(t, l, opening("c"), p.members("v1", 2, 3, 4))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(2), decision.MarkedAgain, "members 2 and 4")
	return l, p, ref, decision
}

func TestARequestForALeaverTakesTheFingerprintsAndMarksGiveThemBack(t *testing.T) {
	t.Parallel()
	l, p, ref, decision := moved(t)
	require.False(t, history(t, l, 2).Doubtful)
	require.NoError(t, l.MarkSent(t.Context(), ref, decision.LeaverBatches.From, 1))
	for member, doubtful := range map[int]bool{2: true, 3: false, 4: true} {
		held := history(t, l, member)
		require.Equal(t, doubtful, held.Doubtful, "member %d", member)
		require.Equal(t, ledger.MemberYes, held.Membership)
	}
	_, err := settle(t, l, ref, decision.LeaverBatches.From, all(audience.Removed, 1))
	require.NoError(t, err)
	settleAll(t, l, ref, decision.MarkBatches, ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true})
	require.False(t, history(t, l, 2).Doubtful)
	require.False(t, history(t, l, 4).Doubtful)
	require.Equal(t, int64(1), history(t, l, 2).AcceptedRun, "its content was accepted then")
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Unchanged: 3}, tally.Outcomes, "they have their outcome already")
	require.Equal(t, int64(2), tally.MarkedAgain)
	require.Equal(t, audience.Leavers{Removed: 1}, tally.Leavers)
	closeRun(t, l, ref)

	ref = p.read(t, l, opening("d"), p.members("v1", 2, 3, 4))
	sum, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Unchanged: 3}, sum.Outcomes)
}

func TestAMarkThatGotLostIsSentAgainByTheNextRun(t *testing.T) {
	t.Parallel()
	mark := func(outcome ledger.MemberOutcome) func(*testing.T, *ledger.Ledger, ledger.RunRef, ledger.Decision) {
		return func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, decision ledger.Decision) {
			t.Helper()
			settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
			settleAll(t, l, ref, decision.MarkBatches, outcome)
		}
	}
	for name, test := range map[string]struct {
		happens func(*testing.T, *ledger.Ledger, ledger.RunRef, ledger.Decision)
		again   int64
	}{
		"the run dies before a request left": {func(*testing.T, *ledger.Ledger, ledger.RunRef, ledger.Decision) {}, 0},
		"it ends before a request left": {func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, _ ledger.Decision) {
			t.Helper()
			require.NoError(t, l.EndUnsent(t.Context(), ref))
			closeRun(t, l, ref)
		}, 0},
		"it dies with the leaver's request": {func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, decision ledger.Decision) {
			t.Helper()
			require.NoError(t, l.MarkSent(t.Context(), ref, decision.LeaverBatches.From, 1))
		}, 2},
		"it ends with the leaver's request": {func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, decision ledger.Decision) {
			t.Helper()
			require.NoError(t, l.MarkSent(t.Context(), ref, decision.LeaverBatches.From, 1))
			require.NoError(t, l.EndUnsent(t.Context(), ref))
			tally, err := l.Tally(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, audience.Outcomes{Unchanged: 1, Unresolved: 2}, tally.Outcomes)
			require.Equal(t, map[string]int64{string(audience.NotSentBeforeEnd): 2}, tally.Reasons)
			require.Equal(t, audience.Leavers{Unresolved: 1}, tally.Leavers)
			closeRun(t, l, ref)
		}, 2},
		"it dies before the marks": {func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, decision ledger.Decision) {
			t.Helper()
			settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
		}, 2},
		"it dies with the marks": {func(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, decision ledger.Decision) {
			t.Helper()
			settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
			require.NoError(t, l.MarkSent(t.Context(), ref, decision.MarkBatches.From, 1))
		}, 2},
		"the marks are refused":         {mark(refused(1)[0]), 2},
		"the marks are refused for now": {mark(ledger.MemberOutcome{Outcome: audience.Refused, Reason: badName}), 2},
		"nobody knows of the marks":     {mark(ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: badName}), 2},
		"the marks are taken":           {mark(ledger.MemberOutcome{Outcome: audience.Accepted}), 0},
		"the members are not there any more": {mark(ledger.MemberOutcome{
			Outcome: audience.Refused, Reason: string(audience.GoneFromHelloCharles), Permanent: true, Gone: true,
		}), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, p, ref, decision := moved(t)
			test.happens(t, l, ref, decision)
			tally, err := l.Tally(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, int64(3), tally.Outcomes.Total())
			next := opening("d")
			next.Keeps = true // Otherwise who is gone is not sent at all.
			ref = p.read(t, l, next, p.members("v1", 2, 3, 4))
			sum, err := l.PageResults(t.Context(), ref, 0)
			require.NoError(t, err)
			require.Equal(t, test.again, sum.Staged)
			require.Equal(t, 3-test.again, sum.Outcomes.Unchanged)
		})
	}
}

func TestAMarkThatIsRefusedMakesAMemberOneThatWasNotTaken(t *testing.T) {
	t.Parallel()
	l, _, ref, decision := moved(t)
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	settleAll(t, l, ref, decision.MarkBatches, refused(1)[0])
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Unchanged: 1, Refused: 2}, tally.Outcomes)
	require.Equal(t, map[string]int64{badName: 2}, tally.Reasons)
	require.Zero(t, tally.MarkedAgain)
	found := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, found, 2)
	require.False(t, found[0].Leaver)
}

func TestAMemberThatFailedAndIsMarkedAgainHasOneOutcome(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]ledger.MemberOutcome{
		"taken": {Outcome: audience.Updated}, "refused": {Outcome: audience.Refused, Reason: "refused_by_hello_charles:other", Permanent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, p := open(t), people{0: {Phone: 10}, 1: {Phone: 10}}
			p.whole(t, l, opening("a"), p.members("v1", 0, 1))
			ref := p.read(t, l, opening("b"), slices.Concat(p.members("v1", 0), p.members("v2", 1)))
			sendStaged(t, l, ref, refused(1))
			closeRun(t, l, ref)
			// It is marked, with the content of before; that the new one is refused is known.
			ref = p.read(t, l, opening("c"), p.members("v2", 1))
			decision := decide(t, l, ref, mirroring())
			require.Equal(t, int64(1), decision.MarkedAgain)
			settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
			settleAll(t, l, ref, decision.MarkBatches, outcome)
			tally, err := l.Tally(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, audience.Outcomes{Refused: 1}, tally.Outcomes)
			require.Equal(t, map[string]int64{badName: 1}, tally.Reasons)
			require.Len(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"}), 1)
		})
	}
}

func TestARequestForMembersTakesNoFingerprints(t *testing.T) {
	t.Parallel()
	l, p := household(t)
	ref := p.read(t, l, opening("c"), slices.Concat(p.members("v1", 2, 3), p.members("v2", 4)))
	decision := decide(t, l, ref, mirroring())
	require.NoError(t, l.MarkSent(t.Context(), ref, decision.Members.From, 1))
	require.False(t, history(t, l, 2).Doubtful, "no leaver's request has left")
}
