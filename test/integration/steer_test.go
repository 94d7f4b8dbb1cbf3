package integration

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// awaitHold waits until a run waits for a person.
func (w *world) awaitHold(t *testing.T, spec config.Sync) *workflows.Hold {
	t.Helper()
	return w.awaitOtherHold(t, spec, &workflows.Hold{})
}

// awaitOtherHold waits until a run waits for a person once more.
func (w *world) awaitOtherHold(t *testing.T, spec config.Sync, than *workflows.Hold) *workflows.Hold {
	t.Helper()
	var hold *workflows.Hold
	require.Eventually(t, func() bool {
		p, err := w.progress(t.Context(), spec)
		hold = p.Hold
		return err == nil && hold != nil && hold.ID != than.ID
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

func TestAPausedRunSendsNothingAndEndsAfterItIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 400, batchesOf(20), inFlight(2))
	held := w.charles.hold(http.MethodPost, contactsPath, 5)
	spec := demo(t)
	run := w.started(t, spec)
	held.await(t, 2)
	require.NoError(t, w.steer(t, spec, workflows.UpdatePause, ""))
	require.NoError(t, w.steer(t, spec, workflows.UpdatePause, ""), "a second pause changes nothing")
	held.release()

	// What is under way ends, within the window of twice the requests in flight.
	require.Eventually(t, func() bool {
		p, err := w.progress(t.Context(), spec)
		return err == nil && p.Paused != nil && p.InFlight == 0 && p.BatchesDone > 5
	}, patience, 20*time.Millisecond)
	sent := len(w.sends(t))
	require.LessOrEqual(t, sent, 5+2*2)
	again := w.charles.hold(http.MethodPost, contactsPath, 0)
	require.NoError(t, w.steer(t, spec, workflows.UpdateResume, ""))
	again.await(t, 1)
	require.Len(t, w.sends(t), sent, "a request left while the run was paused")
	again.release()

	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
	require.Len(t, report.Decisions, 2)
	for i, what := range []string{audience.Pause, audience.Resume} {
		require.Equal(t, what, report.Decisions[i].What)
		require.Equal(t, "integration-test", report.Decisions[i].By)
	}
}
