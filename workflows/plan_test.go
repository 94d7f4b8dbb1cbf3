package workflows_test

import (
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
