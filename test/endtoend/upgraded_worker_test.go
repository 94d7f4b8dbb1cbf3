package endtoend

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"audiencesync/test/endtoend/programs"
	"audiencesync/workflows"
)

// versionOf are the flags of a worker with a version.
func versionOf(build string) []string {
	return []string{"--deployment", "crm-sync", "--build-id", build}
}

const setCurrent = "temporal worker deployment set-current-version --deployment-name crm-sync --build-id "

// makeCurrent gives all work to a version, as an operator does, once Temporal knows it.
func (d deployment) makeCurrent(t *testing.T, build string) {
	t.Helper()
	args := strings.Fields(setCurrent + build + " --yes --address " + d.address + " --namespace " + d.namespace)[1:]
	var output []byte
	require.Eventually(t, func() (made bool) {
		var err error
		output, err = exec.CommandContext(t.Context(), built.temporal, args...).CombinedOutput()
		return err == nil
	}, startWithin, poll, "temporal %s", strings.Join(args, " "))
	t.Logf("%s", output)
}

// did counts what each worker has done in the last run of the demo's sync, and makes sure
// that no workflow task went back to the first of them once another one had taken over.
func (d deployment) did(t *testing.T, workers ...*programs.Program) (tasks, activities []int) {
	t.Helper()
	tasks, activities = make([]int, len(workers)), make([]int, len(workers))
	number := func(identity string) int {
		for i, worker := range workers {
			if strings.HasPrefix(identity, fmt.Sprintf("%d@", worker.PID())) {
				return i
			}
		}
		require.Fail(t, "somebody else has worked", identity)
		return 0
	}
	last := 0
	events := d.client(t).GetWorkflowHistory(t.Context(), workflows.SyncID("demo"), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if done := event.GetWorkflowTaskCompletedEventAttributes(); done != nil {
			i := number(done.GetIdentity())
			require.GreaterOrEqual(t, i, last)
			last = i
			tasks[i]++
		}
		if begun := event.GetActivityTaskStartedEventAttributes(); begun != nil {
			activities[number(begun.GetIdentity())]++
		}
	}
	return tasks, activities
}

func TestAWorkerIsUpgradedInMidRun(t *testing.T) {
	t.Parallel()
	calm := calmAccount(t)
	for name, before := range map[string][]string{
		"from one version to the next":   versionOf("1"),
		"from workers without a version": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendors := simulate(t, crowd)
			pages := newGate(t, vendors.zeotap, "/members", 3)
			batches := newGate(t, vendors.charles, "/batch", 1) // The first batch, which goes alone.
			site := deploy(t, copyDemo(t, simulators{zeotap: pages.address, charles: batches.address}, inPieces()...))
			old := site.startWorker(t, before...)
			if before != nil {
				site.makeCurrent(t, "1")
			}
			site.start(t, "run", site.sync) // Its end is that of being paused.
			pages.awaitHeld(t, 1)

			// The next version is there, and gets nothing to do.
			next := site.startWorker(t, versionOf("2")...)
			require.Contains(t, next.Stderr(), "get no work until it is made current: "+setCurrent+"2")
			pages.open()
			batches.awaitHeld(t, requestsInFlight)

			site.makeCurrent(t, "2")
			// What is under way stays with the old one; the run itself goes on at once.
			for _, order := range []string{"pause", "resume"} {
				given := site.do(t, order, "demo")
				require.Zero(t, given.code, given.stderr)
			}
			tasks, activities := site.did(t, old, next)
			require.Positive(t, tasks[1], "it has taken the orders")
			require.Zero(t, activities[1])
			run := site.start(t, "run", site.sync, "--output", "json")
			require.Eventually(t, func() bool { return strings.Contains(run.Stderr(), "this command joins it") }, startWithin, poll)

			require.NoError(t, old.Signal(syscall.SIGTERM))
			batches.open()
			ctx, cancel := context.WithTimeout(t.Context(), stopWithin)
			defer cancel()
			code, err := old.Wait(ctx)
			require.NoError(t, err)
			require.Zero(t, code)

			ended := finish(t, run)
			require.Zero(t, ended.code, ended.stderr)
			require.Equal(t, calm, accountOf(reportOf(t, ended)))
			stats := vendors.stats(t)
			require.Equal(t, calm.batches, stats.Batches, "no request is sent again")
			require.Zero(t, stats.ContactsUpsertedAgain)
			require.Zero(t, stats.DuplicateEffects)
			_, activities = site.did(t, old, next)
			require.Positive(t, activities[1])

			// A new run is that of the current version alone.
			again := site.do(t, "run", site.sync, "--output", "json")
			require.Zero(t, again.code, again.stderr)
			require.Equal(t, calm.taken, reportOf(t, again).Outcomes.Unchanged)
			require.Equal(t, calm.batches, vendors.stats(t).Batches)
			site.did(t, next)
		})
	}
}

func TestARunThatWaitsForAVersionSaysSoWithTheRemedy(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 100, seed: 7})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t, versionOf("1")...)
	const idle = "workers of version 1 of deployment crm-sync get no work until it is made current: " + setCurrent + "1"
	run := site.start(t, "run", site.sync, "--output", "json")
	require.Eventually(t, func() bool {
		return strings.Contains(run.Stderr(), "no worker answers: the run waits in Temporal until one is there ("+idle+")")
	}, startWithin, poll)
	requireOneError(t, site.do(t, "status", "demo"), 1, "sync demo", "a run is going, but no worker answers: "+idle)

	site.makeCurrent(t, "1")
	ended := finish(t, run)
	require.Zero(t, ended.code, ended.stderr)
	require.EqualValues(t, 100, reportOf(t, ended).Source.Read)

	unversioned := site.startWorker(t)
	require.Contains(t, unversioned.Stderr(), "all work goes to version 1 of deployment crm-sync, and none to workers without a version")
}

func TestARunThatSomebodyHasPinnedIsFoundAndMoved(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 100, seed: 7})
	batches := newGate(t, vendors.charles, "/batch", 0)
	site := deploy(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: batches.address}))
	old := site.startWorker(t, versionOf("1")...)
	site.makeCurrent(t, "1")
	run := site.start(t, "run", site.sync, "--output", "json")
	batches.awaitHeld(t, 1)
	override := func(args ...string) {
		t.Helper()
		site.temporal(t, append([]string{"workflow", "update-options", "--workflow-id", workflows.SyncID("demo"), "--versioning-override-behavior"}, args...)...)
	}
	override("pinned", "--versioning-override-deployment-name", "crm-sync", "--versioning-override-build-id", "1")
	site.startWorker(t, versionOf("2")...)
	site.makeCurrent(t, "2")

	// Its workers are gone: it waits, and says so to whoever asks.
	require.NoError(t, old.Signal(syscall.SIGTERM))
	batches.open()
	<-old.Ended()
	requireOneError(t, site.do(t, "status", "demo"), 1, "sync demo", "a run is going, but no worker answers")
	const pinned = `TemporalWorkflowVersioningBehavior="Pinned" AND ExecutionStatus="Running"`
	require.Eventually(t, func() bool {
		return strings.Contains(site.temporal(t, "workflow", "list", "--query", pinned), workflows.SyncID("demo"))
	}, startWithin, poll)

	override("unspecified")
	ended := finish(t, run)
	require.Zero(t, ended.code, ended.stderr)
	require.EqualValues(t, 1, vendors.stats(t).Batches)
}

// temporal runs Temporal's own command line.
func (d deployment) temporal(t *testing.T, args ...string) string {
	t.Helper()
	args = append(args, "--address", d.address, "--namespace", d.namespace)
	output, err := exec.CommandContext(t.Context(), built.temporal, args...).CombinedOutput()
	require.NoError(t, err, "temporal %s\n%s", strings.Join(args, " "), output)
	return string(output)
}
