package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// due runs a due run and returns what satisfied it, or its error.
func due(t *testing.T, env *testsuite.TestWorkflowEnvironment) (workflows.DueRunResult, error) {
	t.Helper()
	env.ExecuteWorkflow(workflows.DueRun, workflows.DueRunInput{Spec: demo()})
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return workflows.DueRunResult{}, err
	}
	var result workflows.DueRunResult
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

func TestADueRunRunsTheSyncAsItsChild(t *testing.T) {
	t.Parallel()
	s := &script{batches: 2}
	env := environment(t, s)
	var id string
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		id = info.WorkflowExecution.ID
	})
	result, err := due(t, env)
	require.NoError(t, err)
	require.Equal(t, "equal", result.Ended)
	require.False(t, result.Joined)
	require.Equal(t, "audience-sync/demo", id)
	require.Equal(t, 1, s.happened("close "))
}

func TestADueRunIsDueWhenItsScheduleSaidSo(t *testing.T) {
	t.Parallel()
	env := environment(t, &script{})
	scheduled := noon.Add(-time.Minute)
	require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(scheduled))))
	result, err := due(t, env)
	require.NoError(t, err)
	require.True(t, result.DueAt.Equal(scheduled))
}

func TestAVerdictIsAnEndOfADueRunAndAFailureFailsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		script *script
		ended  string
		fails  string
	}{
		{"explained", &script{closeRun: verdict(audience.Explained, true)}, "explained", ""},
		{"unverifiable", &script{closeRun: verdict(audience.Unverifiable, true)}, "unverifiable", ""},
		{"unexplained", &script{closeRun: verdict(audience.Unexplained, false)}, activities.TypeVerdictUnexplained, ""},
		{"outside accept", &script{closeRun: verdict(audience.Explained, false)}, activities.TypeVerdictOutside, ""},
		{
			"refused at open", &script{openRun: func() error { return final(activities.TypeOpenRefused, "no such audience") }},
			"", activities.TypeOpenRefused,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			result, err := due(t, environment(t, test.script))
			if test.fails != "" {
				requireType(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.ended, result.Ended)
		})
	}
}

func verdict(v audience.Verdict, acceptable bool) func(activities.CloseRunInput) (audience.Report, error) {
	return func(activities.CloseRunInput) (audience.Report, error) {
		return audience.Report{Verdict: v, Acceptable: acceptable}, nil
	}
}

// byHand is a person who has started the sync when its due time comes.
func byHand(ctx workflow.Context) (workflows.DueRunResult, error) {
	var result workflows.DueRunResult
	spec := demo()
	spec.Verification.None = true // time does not pass by itself while the due run waits
	person := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.SyncID("demo")})
	run := workflow.ExecuteChildWorkflow(person, workflows.AudienceSync, workflows.AudienceSyncInput{Spec: spec})
	if err := run.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return result, err
	}
	schedule := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.DueID("demo")})
	err := workflow.ExecuteChildWorkflow(schedule, workflows.DueRun, workflows.DueRunInput{Spec: spec}).Get(ctx, &result)
	return result, err
}

// besideARun plays a due run whose sync is going already. The run that is
// going ends when the due run waits for it.
func besideARun(t *testing.T, s *script, satisfied bool) workflows.DueRunResult {
	t.Helper()
	env := environment(t, s)
	env.RegisterWorkflow(byHand)
	waiting, ended := make(chan struct{}), make(chan struct{})
	s.sendBatch = func(ctx context.Context, _ int64) (activities.SendBatchResult, error) {
		select {
		case <-waiting:
			return created(1000), nil
		case <-ctx.Done():
			return activities.SendBatchResult{}, ctx.Err()
		}
	}
	s.awaitRun = func(ctx context.Context) (activities.AwaitRunResult, error) {
		close(waiting)
		select {
		case <-ended:
			return activities.AwaitRunResult{Satisfied: satisfied, Ended: "explained"}, nil
		case <-ctx.Done():
			return activities.AwaitRunResult{}, ctx.Err()
		}
	}
	runs := 0
	env.SetOnChildWorkflowCompletedListener(func(info *workflow.Info, _ converter.EncodedValue, _ error) {
		if info.WorkflowType.Name == "AudienceSync" {
			if runs++; runs == 1 {
				close(ended)
			}
		}
	})
	env.ExecuteWorkflow(byHand)
	require.NoError(t, env.GetWorkflowError())
	var result workflows.DueRunResult
	require.NoError(t, env.GetWorkflowResult(&result))
	return result
}

func TestARunThatOpenedItsReadAfterTheDueTimeSatisfiesIt(t *testing.T) {
	t.Parallel()
	s := &script{}
	result := besideARun(t, s, true)
	require.True(t, result.Joined)
	require.Equal(t, "explained", result.Ended)
	require.Equal(t, 1, s.happened("open"))
	require.Equal(t, 1, s.happened("await"))
}

func TestARunThatOpenedItsReadBeforeTheDueTimeIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	s := &script{}
	result := besideARun(t, s, false)
	require.False(t, result.Joined)
	require.Equal(t, "equal", result.Ended)
	require.Equal(t, 2, s.happened("open"))
	require.Equal(t, 2, s.happened("close "))
	require.Equal(t, 1, s.happened("await"))
}

func TestARunThatStartsWhileADueRunDecidesIsWaitedForToo(t *testing.T) {
	t.Parallel()
	s := &script{}
	env := environment(t, s)
	env.RegisterWorkflow(byHand)
	waiting := make(chan struct{})
	s.sendBatch = func(ctx context.Context, _ int64) (activities.SendBatchResult, error) {
		select {
		case <-waiting:
			return created(1000), nil
		case <-ctx.Done():
			return activities.SendBatchResult{}, ctx.Err()
		}
	}
	s.awaitRun = func(context.Context) (activities.AwaitRunResult, error) {
		if s.happened("await") == 1 {
			return activities.AwaitRunResult{Ended: "unknown"}, nil // it is not there yet
		}
		close(waiting)
		return activities.AwaitRunResult{Satisfied: true, Ended: "explained"}, nil
	}
	env.ExecuteWorkflow(byHand)
	require.NoError(t, env.GetWorkflowError())
	var result workflows.DueRunResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.True(t, result.Joined)
	require.Equal(t, 2, s.happened("await"))
	require.Equal(t, 1, s.happened("open"), "there is a second run")
}

func TestADueTimeThatARunHasSatisfiedAlreadyStartsNone(t *testing.T) {
	t.Parallel()
	s := &script{awaitRun: func(context.Context) (activities.AwaitRunResult, error) {
		return activities.AwaitRunResult{Satisfied: true, Ended: "equal"}, nil
	}}
	result, err := due(t, environment(t, s))
	require.NoError(t, err)
	require.True(t, result.Joined)
	require.Equal(t, "equal", result.Ended)
	require.Equal(t, []string{"await"}, s.events)
}

func TestACancelledDueRunLeavesItsRunAlone(t *testing.T) {
	t.Parallel()
	s := &script{batches: 1}
	env := environment(t, s)
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		env.CancelWorkflow()
		return created(1000), nil
	}
	cancelledChildren := 0
	env.SetOnChildWorkflowCanceledListener(func(*workflow.Info) { cancelledChildren++ })
	_, err := due(t, env)
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.Zero(t, cancelledChildren)
	require.Zero(t, s.happened("close cancelled"))
}
