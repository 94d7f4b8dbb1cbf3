package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
