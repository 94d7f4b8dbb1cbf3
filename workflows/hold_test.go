package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func TestWhoDeclinedIsNamedAndNotWhoSaidSomethingElseAtTheSameMoment(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		run := newAudienceSync(ctx, AudienceSyncInput{Spec: config.DefaultSync()})
		workflow.Go(ctx, func(ctx workflow.Context) {
			run.decideHold(audience.Decline)(ctx, Steer{By: "ada", Why: "wrong mapping", Hold: run.progress.Hold.ID})
			run.pause(ctx, Steer{By: "eve"})
		})
		return run.awaitApproval(ctx, "too much is refused")
	})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &failed)
	require.Equal(t, activities.TypeDeclined, failed.Type())
	require.Contains(t, failed.Message(), "too much is refused; declined by ada: wrong mapping")
}
