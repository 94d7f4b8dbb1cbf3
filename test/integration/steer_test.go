package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// awaitHold waits until a run waits for a person.
func (w *world) awaitHold(t *testing.T, spec config.Sync) *workflows.Hold {
	t.Helper()
	var hold *workflows.Hold
	require.Eventually(t, func() bool {
		p, err := w.progress(t.Context(), spec)
		hold = p.Hold
		return err == nil && hold != nil
	}, patience, 20*time.Millisecond, "the run waits for nobody")
	return hold
}

// steer tells the run of a sync something, as the command line does.
func (w *world) steer(t *testing.T, spec config.Sync, update, hold string) error {
	t.Helper()
	handle, err := w.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.SyncID(spec.Sync), UpdateName: update, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{workflows.Steer{By: "integration-test", Hold: hold}},
	})
	if err != nil {
		return err
	}
	return handle.Get(t.Context(), nil)
}
