package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// cancelWhenStarted orders the end of the run while an activity is under way that
// starts for the n-th time.
func cancelWhenStarted(env *testsuite.TestWorkflowEnvironment, name string, n int) *answer {
	ordered := &answer{}
	whenStarted(env, name, n, func() {
		env.UpdateWorkflow(workflows.UpdateCancel, "", ordered, workflows.Steer{By: "ada", Why: "wrong audience"})
	})
	return ordered
}

// requireCancelledBy expects a run that was closed as cancelled, and says by whom.
func requireCancelledBy(t *testing.T, s *script, who string) {
	t.Helper()
	require.Len(t, s.closed, 1)
	require.Equal(t, audience.EndedCancelled, s.closed[0].Ended)
	require.Equal(t, who, s.closed[0].Why)
}

func TestAnOrderToCancelEndsTheRunInEveryPhaseAndSaysWhoGaveIt(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"ReadPages", "Decide", "SendBatch", "ExpectSegment", "CountSegment"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 9}
			env := environment(t, s)
			ordered := cancelWhenStarted(env, phase, 1)
			cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, ordered.rejected)
			requireCancelledBy(t, s, "cancelled by ada: wrong audience")
			decisions := s.closed[0].Decisions
			require.Len(t, decisions, 1)
			require.Equal(t, audience.Cancel, decisions[0].What)
			if phase == "SendBatch" {
				require.Equal(t, []int64{1}, s.sent(), "the run went on sending")
			}
		})
	}
}

func TestAnOrderToCancelBeforeTheRunIsOpenClosesNothing(t *testing.T) {
	t.Parallel()
	s := &script{openRun: func() error { return temporal.NewApplicationError("no answer", activities.TypeUnavailable) }}
	env := environment(t, s)
	ordered := give(t, env, order{500 * time.Millisecond, workflows.UpdateCancel, workflows.Steer{}, false})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.NoError(t, ordered[0].rejected)
	require.Equal(t, []string{"open"}, s.events)
}

func TestARunThatWaitsOrIsPausedEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	for name, paused := range map[string]bool{"waits": false, "is paused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := refusing()
			if paused {
				s.sendBatch = nil
			}
			env := environment(t, s)
			if paused {
				pauseWhenStarted(env, "Decide", 1)
			}
			orders := give(t, env,
				order{time.Hour, workflows.UpdateCancel, workflows.Steer{Hold: "of no matter"}, false},
				order{time.Hour, workflows.UpdateCancel, workflows.Steer{By: "eve"}, false},
				order{time.Hour, workflows.UpdatePause, workflows.Steer{}, false},
			)
			cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, orders[0].rejected)
			require.NoError(t, orders[1].rejected, "the same order again")
			require.EqualError(t, orders[2].rejected, "sync demo: the run is at its end, there is nothing to pause")
			requireCancelledBy(t, s, "cancelled by ada")
			p := progress(t, env)
			require.Nil(t, p.Paused, "a run that has ended is not paused")
			require.Nil(t, p.Hold)
			require.LessOrEqual(t, len(s.sent()), 1, "more was sent")
			last := p.Decisions[len(p.Decisions)-1]
			require.Equal(t, audience.Decision{What: audience.Cancel, By: "ada", At: noon.Add(time.Hour)}, last, "the order is kept once, about no hold")
		})
	}
}

func TestACancellationThatComesTooLateIsRejected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in     workflows.AudienceSyncInput
		failed bool
	}{
		"of a run":              {in: workflows.AudienceSyncInput{Spec: demo()}},
		"of a plan":             {in: workflows.AudienceSyncInput{Spec: demo(), PlanOnly: true}},
		"of a run that failed":  {in: workflows.AudienceSyncInput{Spec: demo()}, failed: true},
		"of a proof by itself":  {in: workflows.AudienceSyncInput{Spec: demo(), VerifyOnly: true}},
		"of a retired sync run": {in: workflows.AudienceSyncInput{Spec: demo(), Retire: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{}
			if test.failed {
				s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
					return activities.SendBatchResult{}, final(activities.TypeRequestRefused, "no")
				}
			}
			env := environment(t, s)
			ordered := cancelWhenStarted(env, "CloseRun", 1)
			_, _ = play(t, env, test.in)
			require.EqualError(t, ordered.rejected, "sync demo: the run is at its end, there is nothing to cancel")
			require.Len(t, s.closed, 1)
			require.NotEqual(t, audience.EndedCancelled, s.closed[0].Ended)
		})
	}
}

func TestACancelledRunDoesNotGoOnInANewHistory(t *testing.T) {
	t.Parallel()
	s := &script{batches: 6, window: 2}
	spec := demo()
	spec.Limits.BatchesPerHistory = 2
	env := environment(t, s)
	// With the second batch of the window the history is full, too.
	ordered := cancelWhenStarted(env, "SendBatch", 3)
	cancelled(t, env, workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, ordered.rejected)
	requireCancelledBy(t, s, "cancelled by ada: wrong audience")
}
