package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

const tooMany = "2,000 contacts would be unmarked, more than 100 (gate.leavers.number)"

// beyond is a plan that passes a limit of the gate.
func beyond(plan activities.Plan, why ...string) activities.Plan {
	plan.Beyond = why
	return plan
}

// shrinking is a run that would unmark too many.
func shrinking() *script { return staged(2, beyond(mirrored(2, 2, 0), tooMany)) }

// replanned is a run that would unmark too many, and that has these plans when it
// decides again.
func replanned(plans ...activities.Plan) *script {
	s := shrinking()
	first := s.decide
	s.decide = func(call int, in activities.DecideInput) activities.Plan {
		if call == 1 {
			return first(call, in)
		}
		return plans[min(call-2, len(plans)-1)]
	}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		return takenOf(plans[len(plans)-1], batch), nil
	}
	return s
}

// deciding is an order about the hold that the run waits for then.
func deciding(after time.Duration, update string) order {
	return order{after, update, workflows.Steer{By: "ada", Why: "the campaign is over"}, true}
}

// approving approves the hold that the run waits for then.
func approving(after time.Duration) order { return deciding(after, workflows.UpdateApprove) }

func TestARunThatWouldChangeTooMuchWaitsAndSendsNothingUntilItIsApproved(t *testing.T) {
	t.Parallel()
	s := staged(2, beyond(mirrored(2, 2, 0), tooMany, "another limit"))
	env := environment(t, s)
	var waiting workflows.Progress
	env.RegisterDelayedCallback(func() {
		waiting = progress(t, env)
		require.Equal(t, []string{"open", "read 0", "decide"}, s.events)
	}, 2*time.Hour)
	answers := give(t, env, approving(3*time.Hour))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.NoError(t, answers[0].rejected)
	require.Equal(t, workflows.PhaseGate, waiting.Phase)
	require.Equal(t, workflows.Hold{
		Kind: workflows.HoldApproval, ID: "d1-1", Why: tooMany + "; another limit",
		Since: noon, KeptUntil: noon.Add(6 * time.Hour), Until: noon.Add(24 * time.Hour),
	}, *waiting.Hold)
	require.Len(t, s.sent(), 4)
	require.Zero(t, s.happened("drop"))
	require.Equal(t, 1, s.happened("decide"))
	require.Equal(t, 1, progress(t, env).Holds)
	require.Len(t, s.closed, 1)
	require.Equal(t, []audience.Decision{{
		What: audience.Approve, About: "d1-1", By: "ada", Why: "the campaign is over", At: noon.Add(3 * time.Hour),
	}}, s.closed[0].Decisions)
	require.Equal(t, []string{tooMany, "another limit"}, s.closed[0].Plan.Beyond)
}

func TestARunWithinItsLimitsAsksNobody(t *testing.T) {
	t.Parallel()
	s := staged(2, mirrored(2, 2, 0))
	env := environment(t, s)
	spec := demo()
	spec.Gate.Scheduled = config.ScheduledFail
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec, Scheduled: true})
	require.NoError(t, err)
	require.Zero(t, progress(t, env).Holds)
	require.Len(t, s.sent(), 4)
}

func TestARunThatIsDeclinedAtTheGateEndsAsDeclinedAndHasSentNothing(t *testing.T) {
	t.Parallel()
	s := shrinking()
	env := environment(t, s)
	give(t, env, deciding(time.Hour, workflows.UpdateDecline))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeDeclined)
	require.Equal(t, "sync demo: "+tooMany+"; declined by ada: the campaign is over", failed.Message())
	var report audience.Report
	require.NoError(t, failed.Details(&report))
	require.Equal(t, audience.EndedDeclined, report.Ended)
	require.Equal(t, []string{"open", "read 0", "decide", "close declined"}, s.events)
	require.Equal(t, failed.Message(), s.closed[0].Why)
	require.Equal(t, int64(2000), s.closed[0].Plan.Leavers)
	require.Equal(t, audience.Decline, s.closed[0].Decisions[0].What)
}

func TestARunThatNobodyApprovesFailsAndHasSentNothing(t *testing.T) {
	t.Parallel()
	s := shrinking()
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeNotApproved)
	require.Contains(t, failed.Message(), tooMany+"; nobody approved it within 24h0m0s (limits.wait_for_decision)")
	require.Equal(t, []string{"open", "read 0", "decide", "drop", "close failed"}, s.events)
	require.Equal(t, failed.Message(), s.closed[0].Why)
	require.Equal(t, noon.Add(24*time.Hour), env.Now().UTC(), "the time until the drop counts")
}

func TestAScheduledRunThatMayNotAskFailsAtOnceAndSendsNothing(t *testing.T) {
	t.Parallel()
	spec := demo()
	spec.Gate.Scheduled = config.ScheduledFail
	s := shrinking()
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec, Scheduled: true})
	failed := failedWith(t, err, activities.TypeNotApproved)
	require.True(t, failed.NonRetryable())
	require.Contains(t, failed.Message(), "sync demo: "+tooMany+"; gate.scheduled is fail")
	require.Contains(t, failed.Message(), "audiencesync plan demo")
	require.Equal(t, []string{"open", "read 0", "decide", "close failed"}, s.events)
	require.Equal(t, failed.Message(), s.closed[0].Why)
	require.Equal(t, noon, env.Now().UTC())
	require.Zero(t, progress(t, env).Holds)

	for name, in := range map[string]workflows.AudienceSyncInput{
		"a run that a person has started": {Spec: spec},
		"a scheduled run that may ask":    {Spec: demo(), Scheduled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shrinking()
			env := environment(t, s)
			answers := give(t, env, approving(time.Hour))
			_, err := play(t, env, in)
			require.NoError(t, err)
			require.NoError(t, answers[0].rejected)
			require.Len(t, s.sent(), 4)
		})
	}
}

func TestADecisionAtTheGateIsAboutThisHoldOnly(t *testing.T) {
	t.Parallel()
	s := shrinking()
	env := environment(t, s)
	answers := give(t, env,
		order{time.Minute, workflows.UpdateApprove, workflows.Steer{Hold: "d0-1"}, false},
		order{time.Minute, workflows.UpdateDecline, workflows.Steer{Hold: "d1-2"}, false},
		order{time.Minute, workflows.UpdateApprove, workflows.Steer{}, false},
	)
	env.RegisterDelayedCallback(func() { require.Empty(t, s.sent()) }, time.Hour)
	approved := give(t, env, approving(2*time.Hour), order{2 * time.Hour, workflows.UpdateApprove, workflows.Steer{Hold: "d1-1"}, false})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	for _, a := range answers {
		require.ErrorContains(t, a.rejected, "sync demo: the run waits for a decision about d1-1, this one is about ")
	}
	for _, a := range approved {
		require.NoError(t, a.rejected, "the same decision again is no error")
	}
	require.Len(t, s.closed[0].Decisions, 1)
}

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

func TestLeaversWhoWereNotSentWhenTheRunWasApprovedNeedAnApprovalOfTheirOwn(t *testing.T) {
	t.Parallel()
	approved, later := beyond(mirrored(2, 2, 0), tooMany), beyond(mirrored(2, 2, 0), tooMany)
	approved.KnownLeavers = 1000 // refused by an earlier run
	approved.LeaverBatches.To--
	s := replanned(later)
	again := s.decide
	s.decide = func(call int, in activities.DecideInput) activities.Plan {
		if call == 1 {
			return approved
		}
		return again(call, in)
	}
	env := environment(t, s)
	give(t, env, approving(7*time.Hour), deciding(8*time.Hour, workflows.UpdateDecline))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeDeclined)
	require.Empty(t, s.sent())
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

func TestARunThatMayNotWaitAtTheGateFailsAtOnce(t *testing.T) {
	t.Parallel()
	s := shrinking()
	spec := demo()
	spec.Limits.WaitForDecision = 0
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, noon, env.Now().UTC())
	require.Equal(t, []string{"open", "read 0", "decide", "close failed"}, s.events)
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

func TestAPauseOutlastsAnApprovalAtTheGate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		approved time.Duration
		kept     []string
	}{
		"before the first batch":   {2 * time.Hour, []string{"open", "read 0", "decide"}},
		"before it is read again":  {7 * time.Hour, []string{"open", "read 0", "decide", "drop"}},
		"and the time to drop too": {5 * time.Hour, []string{"open", "read 0", "decide"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shrinking()
			env := environment(t, s)
			answers := give(t, env,
				order{time.Hour, workflows.UpdatePause, workflows.Steer{}, false},
				approving(test.approved),
				order{10 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
			)
			env.RegisterDelayedCallback(func() { require.Equal(t, test.kept, s.events) }, 9*time.Hour)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			for _, a := range answers {
				require.NoError(t, a.rejected)
			}
			require.Len(t, s.sent(), 4)
			require.Len(t, s.closed[0].Decisions, 3)
		})
	}
}

func TestARunThatWaitsAtTheGateCanBeCancelled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after time.Duration
		kept  []string
	}{
		"with what was read":              {time.Hour, []string{"open", "read 0", "decide"}},
		"after what was read was dropped": {8 * time.Hour, []string{"open", "read 0", "decide", "drop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shrinking()
			env := environment(t, s)
			env.RegisterDelayedCallback(env.CancelWorkflow, test.after)
			cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.Equal(t, append(test.kept, "close cancelled"), s.events)
			require.Equal(t, noon.Add(test.after), env.Now().UTC())
		})
	}
}

func TestACancellationWhileWhatWasReadIsDroppedEndsTheRun(t *testing.T) {
	t.Parallel()
	s := shrinking()
	s.dropRead = func(int) error { return errors.New("the ledger is locked") }
	env := environment(t, s)
	env.RegisterDelayedCallback(env.CancelWorkflow, 6*time.Hour+time.Minute)
	cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.Empty(t, s.sent())
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

func TestAPlanSendsNothingAndAsksNobody(t *testing.T) {
	t.Parallel()
	spec := demo()
	spec.Gate.Scheduled = config.ScheduledFail
	plan := beyond(mirrored(2, 2, 1), tooMany)
	s := staged(2, plan)
	env := environment(t, s)
	report, err := play(t, env, workflows.AudienceSyncInput{Spec: spec, PlanOnly: true, Scheduled: true})
	require.NoError(t, err)
	require.Equal(t, audience.EndedPlanned, report.Ended)
	require.Equal(t, []string{"open", "read 0", "decide", "close planned"}, s.events)
	require.Equal(t, plan.Plan, *s.closed[0].Plan)
	require.Zero(t, progress(t, env).Holds)
	require.Equal(t, workflows.PhaseDone, progress(t, env).Phase)
	require.Equal(t, noon, env.Now().UTC())
}

func TestAPlanThatGoesOnInANewHistorySendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{batches: 5, readPages: threeCalls}
	env := environment(t, s)
	suggestAt(env, "ReadPages", 2)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo(), PlanOnly: true})
	report, err := play(t, environment(t, s), carriedBy(t, err))
	require.NoError(t, err)
	require.Equal(t, audience.EndedPlanned, report.Ended)
	require.Equal(t, []string{"open", "read 0", "read 4", "read 8", "decide", "close planned"}, s.events)
}

func TestAPlanCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := shrinking()
	env := environment(t, s)
	whenStarted(env, "Decide", 1, env.CancelWorkflow)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo(), PlanOnly: true})
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.Equal(t, 1, s.happened("close cancelled"))
	require.False(t, workflow.IsContinueAsNewError(err))
}

func TestTheNumberThatAPersonExpectsIsThatOfEveryDecision(t *testing.T) {
	t.Parallel()
	var expected []int64
	s := shrinking()
	plan := s.decide
	s.decide = func(call int, in activities.DecideInput) activities.Plan {
		expected = append(expected, *in.Expect)
		return plan(call, in)
	}
	env := environment(t, s)
	give(t, env, approving(7*time.Hour))
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo(), Expect: new(int64(2000))})
	require.NoError(t, err)
	require.Equal(t, []int64{2000, 2000}, expected)
}
