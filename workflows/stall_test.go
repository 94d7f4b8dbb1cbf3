package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// late is an activity that fails so often, an hour apart, and is answered for then.
func soLate(times int) func(context.Context, int64) (activities.SendBatchResult, error) {
	return func(context.Context, int64) (activities.SendBatchResult, error) {
		if times--; times >= 0 {
			return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("asked to wait 1h", activities.TypeRateLimited,
				temporal.ApplicationErrorOptions{NextRetryDelay: time.Hour})
		}
		return created(1000), nil
	}
}

// because lets Temporal say why nothing moves.
func because(why string) func(int) (activities.LookStalledResult, error) {
	return func(int) (activities.LookStalledResult, error) { return activities.LookStalledResult{Why: why}, nil }
}

func TestARunThatStandsStillSaysSoByItselfAndThatItMovesAgain(t *testing.T) {
	t.Parallel()
	s := &script{attributes: true, sendBatch: soLate(1), stalled: because("asked to wait 1h")}
	env := environment(t, s)
	l, found := listen(t, env), watchAttributes(env)
	env.RegisterDelayedCallback(func() { require.Nil(t, progress(t, env).Stalled) }, 14*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, &workflows.Stall{Since: noon, Why: "asked to wait 1h"}, progress(t, env).Stalled)
		require.Contains(t, details(t, env), "| **stands still** | nothing has moved since 2026-03-02 12:00 UTC: asked to wait 1h |\n")
	}, 16*time.Minute)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	require.NoError(t, err)
	require.Nil(t, progress(t, env).Stalled)
	require.NotContains(t, details(t, env), "stands still")
	require.Equal(t, []string{"[read]", "[send]", "[stalled]", "[send]", "[prove]", "[done equal]"}, found.steps)
	require.Equal(t, "run-7-stalled-1772452800000", l.names()[0])
	require.Equal(t, &activities.NotifyStalled{Run: 7, Phase: "send", Since: noon, Why: "asked to wait 1h"}, l.all()[0].Stalled)
	require.Len(t, l.all(), 2, "and its end")
	require.Equal(t, 1, s.happened("look why"), "while it stands still it is not looked again")
}

func TestARunThatMovesIsLookedAtOnceInAWhileOnly(t *testing.T) {
	t.Parallel()
	// A batch each ten minutes.
	slow := map[int64]bool{}
	s := &script{batches: 13, sendBatch: func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if !slow[batch] {
			slow[batch] = true
			return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("wait", activities.TypeRateLimited,
				temporal.ApplicationErrorOptions{NextRetryDelay: 10 * time.Minute})
		}
		return created(1000), nil
	}}
	env := environment(t, s)
	timers := 0
	env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Zero(t, s.happened("look why"))
	require.Greater(t, env.Now().Sub(noon), 2*time.Hour)
	require.LessOrEqual(t, timers, 14, "timers, of which one or two are for the segment count")
}

func TestARunThatWaitsForAPersonDoesNotStandStill(t *testing.T) {
	t.Parallel()
	s := &script{decide: beyondOnce()}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeNotApproved)
	require.Zero(t, s.happened("look why"), "it waited for a day")

	s = &script{}
	env := environment(t, s)
	whenStarted(env, "ReadPages", 1, func() { env.UpdateWorkflow(workflows.UpdatePause, "", &answer{}, workflows.Steer{By: "zoe"}) })
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(workflows.UpdateResume, "", &answer{}, workflows.Steer{By: "zoe"}) }, 24*time.Hour)
	_, err = play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Zero(t, s.happened("look why"))
}

func TestALongActivityThatGetsOnIsNoStandstill(t *testing.T) {
	t.Parallel()
	tries := 0
	s := &script{
		compare: func(int) (activities.CompareSegmentResult, error) {
			if tries++; tries < 3 {
				return activities.CompareSegmentResult{}, temporal.NewApplicationErrorWithOptions("goes on", activities.TypeRateLimited,
					temporal.ApplicationErrorOptions{NextRetryDelay: 50 * time.Minute})
			}
			return activities.CompareSegmentResult{Comparison: &audience.Comparison{Listed: 1000, Found: 1000}}, nil
		},
		stalled: func(call int) (activities.LookStalledResult, error) {
			return activities.LookStalledResult{Work: int64(min(call, 4) * 1000)}, nil
		},
	}
	env := environment(t, s)
	l := listen(t, env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	require.NoError(t, err)
	require.Equal(t, 5, s.happened("look why"), "it came further four times")
	require.NotNil(t, l.all()[0].Stalled)
	require.Equal(t, noon.Add(time.Hour), l.all()[0].Stalled.Since.Truncate(time.Minute), "when it was last seen to get on")
}

func TestARunStandsStillAlsoWhereNobodyKnowsWhyAndIfItWasCancelled(t *testing.T) {
	t.Parallel()
	tries := 0
	s := &script{
		batches: 3,
		stalled: func(int) (activities.LookStalledResult, error) {
			return activities.LookStalledResult{}, errors.New("Temporal is away")
		},
		closeRun: func(in activities.CloseRunInput) (audience.Report, error) {
			if tries++; tries < 8 {
				return audience.Report{}, temporal.NewApplicationErrorWithOptions("the ledger is away", activities.TypeLedger,
					temporal.ApplicationErrorOptions{NextRetryDelay: 10 * time.Minute})
			}
			return audience.Report{Sync: "demo", Run: 7, Ended: in.Ended}, nil
		},
	}
	env := environment(t, s)
	whenStarted(env, "SendBatch", 1, env.CancelWorkflow)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, workflows.PhaseSend, progress(t, env).Phase)
		require.NotNil(t, progress(t, env).Stalled)
		require.Empty(t, progress(t, env).Stalled.Why)
	}, 20*time.Minute)
	cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
}

func TestZeroNeverLooksForAStandstill(t *testing.T) {
	t.Parallel()
	s := &script{sendBatch: soLate(5)}
	spec := demo()
	spec.Limits.StalledAfter = config.Duration(0)
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.Zero(t, s.happened("look why"))
}
