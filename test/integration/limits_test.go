package integration

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// setLimits changes the limits of the demo's workspace, as the command line does.
func (w *world) setLimits(t *testing.T, in activities.SetLimitsInput) activities.LimitsInForce {
	t.Helper()
	in.Connection, in.By = "charles-demo", "integration-test"
	run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.LimitsID(in.Connection, uuid.NewString()), TaskQueue: workflows.TaskQueue,
	}, workflows.SetLimits, in)
	require.NoError(t, err)
	var limits activities.LimitsInForce
	require.NoError(t, run.Get(t.Context(), &limits))
	return limits
}

func TestMoreOrFewerRequestsInFlightAreHeededWithinOneBatch(t *testing.T) {
	t.Parallel()
	// Each request takes a moment, so that those that may be under way at once are.
	slow := simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Path: contactsPath}, Latency: faults.Duration(20 * time.Millisecond),
	}}}
	w := newWorld(t, 600, batchesOf(10), inFlight(2), withFaults(slow))
	held := w.charles.hold(http.MethodPost, contactsPath, 3)
	run := w.started(t, demo(t))
	held.await(t, 2)
	require.Equal(t, 2, w.charles.mostAtOnce())

	many := 6
	limits := w.setLimits(t, activities.SetLimitsInput{RequestsInFlight: &many, Why: "hurry"})
	require.Equal(t, 6, limits.RequestsInFlight)
	require.Equal(t, 2, limits.File.RequestsInFlight)
	again := w.charles.hold(http.MethodPost, contactsPath, 0)
	held.release()
	again.await(t, 6)

	one := 1
	w.setLimits(t, activities.SetLimitsInput{RequestsInFlight: &one, Why: "complaints"})
	alone := w.charles.hold(http.MethodPost, contactsPath, 0)
	again.release()
	alone.await(t, 1)
	require.Eventually(t, func() bool { return w.charles.nowHere() == 1 }, patience, time.Millisecond)
	w.charles.mostFromNow()
	alone.release()

	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	require.Equal(t, 1, w.charles.mostAtOnce())
	require.Contains(t, report.Explanation,
		"the limits of the workspace were changed while the run was going, to 1 in flight for each worker, by integration-test: complaints")
}

func TestAnotherRateIsHeededByTheNextRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 400, batchesOf(20), inFlight(2))
	held := w.charles.hold(http.MethodPost, contactsPath, 3)
	run := w.started(t, demo(t))
	held.await(t, 2)

	slow := 0.001
	limits := w.setLimits(t, activities.SetLimitsInput{RequestsPerSecond: &slow})
	require.InDelta(t, 1000, limits.File.RequestsPerSecond, 0)
	require.InDelta(t, slow, limits.RequestsPerSecond, 0)
	held.release()
	w.awaitBudgetWait(t, run)
	require.Len(t, w.sends(t), 3+2, "what was under way, and nothing more")

	limits = w.setLimits(t, activities.SetLimitsInput{Clear: true})
	require.InDelta(t, 1000, limits.RequestsPerSecond, 0)
	require.Zero(t, limits.Set)
	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
}

// awaitBudgetWait waits until all batches that are under way wait for the request budget.
func (w *world) awaitBudgetWait(t *testing.T, run client.WorkflowRun) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := w.client.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
		if err != nil || len(described.GetPendingActivities()) < 2 {
			return false
		}
		for _, pending := range described.GetPendingActivities() {
			if !strings.Contains(pending.GetLastFailure().GetMessage(), "for the request budget") {
				return false
			}
		}
		return true
	}, patience, 20*time.Millisecond)
}
