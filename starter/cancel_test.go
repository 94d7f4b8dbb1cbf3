package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestACancelledRunIsReportedWithWhoCancelledIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo: no run of it is going; audiencesync list shows all syncs\n"}, o.order(t, "cancel"))

	o.start(t, http.StatusUnprocessableEntity)
	ended := o.order(t, "cancel", "--why", "wrong audience")
	require.Equal(t, exitCancelled, ended.code, ended.stderr)
	require.Contains(t, ended.stderr, "demo: run 1 cancelled: what is under way is finished\n")
	require.NotContains(t, ended.stderr, "error:")
	require.Contains(t, ended.stdout, "sync demo, run 1")
	require.Contains(t, ended.stdout, ": cancel by "+operator()+": wrong audience\n")

	o.start(t, http.StatusUnprocessableEntity)
	require.Zero(t, o.order(t, "pause").code)
	ended = o.order(t, "cancel", "-o", "json")
	require.Equal(t, exitCancelled, ended.code, ended.stderr)
	var report audience.Report
	require.NoError(t, json.Unmarshal([]byte(ended.stdout), &report), ended.stdout)
	require.Equal(t, audience.EndedCancelled, report.Ended)
	require.Len(t, report.Decisions, 2)
	require.Equal(t, audience.Cancel, report.Decisions[1].What)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo: no run of it is going; audiencesync list shows all syncs\n"}, o.order(t, "cancel"))
}

func TestACancellationThatNoWorkerTakesIsLeftWithTemporal(t *testing.T) {
	t.Parallel()
	c, _ := ownNamespace(t)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.SyncID("lonely"), TaskQueue: "nobody"}, workflows.AudienceSync,
		workflows.AudienceSyncInput{})
	require.NoError(t, err)
	err = leaveCancellation(t.Context(), c, "lonely", "moving house")
	require.EqualError(t, err, "sync lonely: no worker answers; start one with \"audiencesync up\" or audiencesync-worker; "+
		"the run has not ended yet: the order is left with Temporal, and heeded when a worker is there")
	coded, ok := errors.AsType[*exitError](err)
	require.True(t, ok)
	require.Equal(t, exitFailed, coded.code)
	require.Equal(t, "cancelled by "+operator()+": moving house", causeOfCancellation(t, c, run))
}

// causeOfCancellation is what the history says of who wanted a run to end.
func causeOfCancellation(t *testing.T, c client.Client, run client.WorkflowRun) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if asked := event.GetWorkflowExecutionCancelRequestedEventAttributes(); asked != nil {
			return asked.GetCause()
		}
	}
	require.FailNow(t, "nobody has asked for the end of the run")
	return ""
}
