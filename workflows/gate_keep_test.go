package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func TestWhatWasReadIsDroppedOnceAfterAWhileAndReadAgainAfterTheApproval(t *testing.T) {
	t.Parallel()
	second := beyond(mirrored(1, 1, 1), "1,000 contacts would be unmarked")
	second.Digest = "d2"
	s := replanned(second)
	s.readPages = func(page int64) (activities.ReadPagesResult, error) {
		return activities.ReadPagesResult{
			Page: page + 1, Complete: true, Read: 2000, Staged: 1000, Outcomes: map[audience.Outcome]int64{audience.Unchanged: 1000},
		}, nil
	}
	env := environment(t, s)
	env.RegisterDelayedCallback(func() { require.Zero(t, s.happened("drop")) }, 6*time.Hour-time.Second)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, []string{"open", "read 0", "decide", "drop"}, s.events)
		require.Equal(t, "d1-1", progress(t, env).Hold.ID, "it is the same hold")
	}, 22*time.Hour)
	answers := give(t, env, approving(23*time.Hour))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.NoError(t, answers[0].rejected)
	require.Equal(t, []string{"open", "read 0", "decide", "drop", "read 0", "decide", "send 2"}, s.events[:7])
	require.Equal(t, []int64{2, 1, 3}, s.sent(), "what the second plan says")
	p := progress(t, env)
	require.Equal(t, 1, p.Holds, "what was approved was enough")
	require.Equal(t, second.Plan, *p.Plan)
	require.Equal(t, second.Plan, *s.closed[0].Plan)
	require.Equal(t, int64(1), p.Pages)
	require.Equal(t, int64(2000), p.Read, "members of the first read are counted too")
	require.Equal(t, int64(3000), p.ToSend)
	require.Equal(t, int64(3000), p.Settled)
	require.Equal(t, int64(3), p.Batches)
	require.Equal(t, audience.Outcomes{Created: 1000, Unchanged: 1000}, p.Outcomes)
}

func TestAfterASecondReadTheRunAsksAgainOnlyIfItWouldChangeMore(t *testing.T) {
	t.Parallel()
	first := mirrored(2, 2, 0)
	changed := func(change func(*audience.Plan)) activities.Plan {
		plan := beyond(first, "another reason")
		plan.Digest = "d2"
		change(&plan.Plan)
		return plan
	}
	for name, test := range map[string]struct {
		plan activities.Plan
		asks bool
	}{
		"the same":         {changed(func(*audience.Plan) {}), false},
		"fewer leavers":    {changed(func(p *audience.Plan) { p.Leavers-- }), false},
		"one more leaver":  {changed(func(p *audience.Plan) { p.Leavers++ }), true},
		"one more joiner":  {changed(func(p *audience.Plan) { p.Joiners++ }), true},
		"one more change":  {changed(func(p *audience.Plan) { p.Changes++ }), true},
		"an empty one now": {changed(func(p *audience.Plan) { p.Read, p.Joiners = 0, 0 }), true},
		"one more leaver, who is not sent": {changed(func(p *audience.Plan) {
			p.Leavers++
			p.KnownLeavers++
		}), false},
		"more of everything, within all limits": {func() activities.Plan {
			plan := changed(func(p *audience.Plan) {
				p.Leavers++
				p.Joiners++
				p.Changes++
			})
			return beyond(plan)
		}(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := replanned(test.plan)
			env := environment(t, s)
			orders := []order{approving(7 * time.Hour)}
			if test.asks {
				orders = append(orders, approving(8*time.Hour))
				env.RegisterDelayedCallback(func() {
					require.Empty(t, s.sent())
					hold := progress(t, env).Hold
					require.Equal(t, "d2-2", hold.ID)
					require.Equal(t, "another reason", hold.Why)
					require.True(t, hold.Until.Equal(noon.Add(31*time.Hour)), "a new question, a new time")
				}, 8*time.Hour-time.Minute)
			}
			answers := give(t, env, orders...)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			for _, a := range answers {
				require.NoError(t, a.rejected)
			}
			require.Equal(t, len(orders), progress(t, env).Holds)
			require.Len(t, s.closed[0].Decisions, len(orders))
			require.Equal(t, 2, s.happened("decide"))
			require.Len(t, s.sent(), 4)
			require.Equal(t, test.plan.Plan, *s.closed[0].Plan)
		})
	}
}

func TestARunThatAsksAgainDropsWhatItReadAgain(t *testing.T) {
	t.Parallel()
	more := beyond(mirrored(3, 2, 0), "more leave")
	s := replanned(more)
	env := environment(t, s)
	answers := give(t, env, approving(7*time.Hour), approving(20*time.Hour))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	for _, a := range answers {
		require.NoError(t, a.rejected)
	}
	require.Equal(t, []string{"open", "read 0", "decide", "drop", "read 0", "decide", "drop", "read 0", "decide", "send 3"}, s.events[:10])
	require.Len(t, s.sent(), 5)
}

func TestWhatWasReadIsKeptForAsLongAsARunThatMayWaitNoLonger(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]time.Duration{"as long": 5 * time.Hour, "longer": 6 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shrinking()
			spec := demo()
			spec.Limits.WaitForDecision, spec.Gate.KeepFor = config.Duration(5*time.Hour), config.Duration(keep)
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
			requireType(t, err, activities.TypeNotApproved)
			require.Equal(t, []string{"open", "read 0", "decide", "close failed"}, s.events)
		})
	}
}

func TestADecisionThatComesWhileWhatWasReadIsDroppedCounts(t *testing.T) {
	t.Parallel()
	for update, sent := range map[string]int{workflows.UpdateApprove: 4, workflows.UpdateDecline: 0} {
		t.Run(update, func(t *testing.T) {
			t.Parallel()
			s := shrinking()
			env := environment(t, s)
			answers := give(t, env, deciding(6*time.Hour+time.Second, update))
			s.dropRead = func(call int) error {
				if call < 5 {
					return errors.New("the ledger is locked")
				}
				return nil
			}
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, answers[0].rejected)
			require.Equal(t, 5, s.happened("drop"), "the decision came when all was dropped")
			require.Len(t, s.sent(), sent)
			if update == workflows.UpdateDecline {
				requireType(t, err, activities.TypeDeclined)
				require.Equal(t, 1, s.happened("decide"))
				return
			}
			require.NoError(t, err)
			require.Equal(t, 2, s.happened("decide"), "what was dropped was not read again")
		})
	}
}

func TestWhatWasApprovedIsCarriedIntoTheHistoryThatReadsAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leavers int64
		holds   int
	}{"no more than approved": {2, 1}, "more than approved": {3, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := replanned(beyond(mirrored(test.leavers, 1, 0), "leavers"))
			reads := 0
			s.readPages = func(page int64) (activities.ReadPagesResult, error) {
				reads++
				return activities.ReadPagesResult{Page: page + 1, Complete: reads != 2, Read: 500, Staged: 500}, nil
			}
			env := environment(t, s)
			suggestAt(env, "ReadPages", 2)
			give(t, env, approving(7*time.Hour))
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			in := carriedBy(t, err)
			require.Equal(t, workflows.PhaseRead, in.Carried.Progress.Phase)
			require.Equal(t, int64(500), in.Carried.Progress.Read)
			require.Equal(t, int64(2000), in.Carried.Approved.Leavers)
			require.Len(t, in.Carried.Progress.Decisions, 1)

			env = environment(t, s)
			if test.holds > 1 {
				env.RegisterDelayedCallback(func() { require.Empty(t, s.sent()) }, 30*time.Minute)
				give(t, env, approving(time.Hour))
			}
			_, err = play(t, env, in)
			require.NoError(t, err)
			require.Equal(t, test.holds, progress(t, env).Holds)
			require.Equal(t, []string{"open", "read 0", "decide", "drop", "read 0", "read 1", "decide"}, s.events[:7])
			require.Len(t, s.sent(), int(test.leavers)+1)
			require.Len(t, s.closed[0].Decisions, test.holds)
		})
	}
}
