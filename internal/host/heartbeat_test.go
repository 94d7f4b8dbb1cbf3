package host

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestActivitiesHaveTheHeartbeatTimeoutOfTheWorker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options Options
		want    time.Duration
	}{
		"the one that workflows ask for": {Options{}, DefaultHeartbeatTimeout},
		"a shorter one":                  {Options{HeartbeatTimeout: 4 * time.Second}, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: c.options.interceptors()})
			tell := func(ctx context.Context) (time.Duration, error) { return activity.GetInfo(ctx).HeartbeatTimeout, nil }
			env.RegisterActivityWithOptions(tell, activity.RegisterOptions{Name: "tell"})
			env.ExecuteWorkflow(func(ctx workflow.Context) (told time.Duration, err error) {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
					StartToCloseTimeout: time.Minute, HeartbeatTimeout: DefaultHeartbeatTimeout,
				})
				err = workflow.ExecuteActivity(ctx, "tell").Get(ctx, &told)
				return told, err
			})
			var told time.Duration
			require.NoError(t, env.GetWorkflowResult(&told))
			require.Equal(t, c.want, told)
		})
	}
}
