package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/simulator"
)

func TestHowOldTheLastGoodRunIsIsToldInOneLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	since := now.Add(-time.Minute)
	good := endedRun{Run: 12, End: "explained", Good: true, EndedAt: now.Add(-27 * time.Hour)}
	bad := endedRun{Run: 13, End: "unexplained", EndedAt: now.Add(-3 * time.Hour)}
	for want, found := range map[string]freshness{
		"sync demo: no run is known that ended well":                                                                                                                         {Sync: "demo"},
		"sync demo: the last good run, 12, ended 1 days 3 h ago (" + clock(good.EndedAt) + "): explained":                                                                    {Sync: "demo", Good: &good, Last: &good},
		"sync demo: the last good run, 12, ended 1 days 3 h ago (" + clock(good.EndedAt) + "): explained; the last run ended 3 h 0 min ago: unexplained":                     {Sync: "demo", Good: &good, Last: &bad},
		"sync demo: no run is known that ended well; the last run ended 3 h 0 min ago: refused (tag x does not exist); a run is going since " + clock(now.Add(-time.Minute)): {Sync: "demo", Last: &endedRun{End: "refused", EndedAt: now.Add(-3 * time.Hour), Why: "tag x does not exist"}, GoingSince: &since},
	} {
		require.Equal(t, want, found.text(now))
	}
}

func TestAMonitorLearnsWithoutAWorkerWhenTheLastGoodRunEnded(t *testing.T) {
	t.Parallel()
	o := &office{desk: newDesk(t)}
	stop := o.openFor(t, "")
	require.Equal(t, answer{
		code: exitUsage,
		stderr: "error: sync demo: no good run of the last 1 days 0 h, and Temporal keeps no older ones, so nobody can tell about 26h0m0s: " +
			"lengthen the retention of the namespace, or allow less\n",
	}, o.order(t, "status", "--fail-if-older", "26h"))
	never := o.order(t, "status", "--fail-if-older", "20h")
	require.Equal(t, answer{
		code: exitFailed, stdout: "sync demo: no run is known that ended well\n", stderr: "error: sync demo: no good run has ended within 20h0m0s\n",
	}, never)

	require.Zero(t, o.tell(t, "run", o.file("sync.yaml")).code)
	run := o.start(t, http.StatusUnprocessableEntity)
	require.Zero(t, o.order(t, "decline").code)
	o.end(t, run)
	require.NoError(t, o.SetFaults(simulator.Faults{}))
	require.Zero(t, o.tell(t, "plan", o.file("sync.yaml")).code)
	o.settle(t)
	stop()

	fresh := o.order(t, "status", "--fail-if-older", "26h")
	require.Zero(t, fresh.code, fresh.stderr)
	require.Empty(t, fresh.stderr)
	require.Contains(t, fresh.stdout, "sync demo: the last good run, 1, ended ")
	require.Contains(t, fresh.stdout, ": declined\n")

	late := o.order(t, "status", "--fail-if-older", "1ns", "-o", "json")
	require.Equal(t, exitFailed, late.code)
	require.Equal(t, "error: sync demo: no good run has ended within 1ns\n", late.stderr)
	var found freshness
	require.NoError(t, json.Unmarshal([]byte(late.stdout), &found), late.stdout)
	require.True(t, found.Late)
	require.Equal(t, int64(1), found.Good.Run)
	require.Equal(t, "declined", found.Last.End)
}

func TestALocalServerKeepsRunsForAMonthAndNeverLess(t *testing.T) {
	t.Parallel()
	c, namespace := ownNamespace(t)
	require.NoError(t, keepRuns(t.Context(), c, namespace, localRetention))
	require.NoError(t, keepRuns(t.Context(), c, namespace, time.Hour))
	described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	require.Equal(t, localRetention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	a := app{address: devservertest.ForTest(t).Address(), namespace: namespace}
	require.Equal(t, localRetention, a.keepsRuns(t.Context(), c))
}
