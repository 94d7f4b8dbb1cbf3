package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/internal/config"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/host"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/telemetry"
	"audiencesync/workflows"
)

// patience is how long a slow machine is waited for.
const patience = 2 * time.Minute

// ownServer connects to the Temporal server of the tests.
func ownServer(t *testing.T) client.Client {
	t.Helper()
	c, err := dialLocal(t.Context(), client.Options{
		HostPort: devservertest.ForTest(t).Address(), Logger: telemetry.TemporalLogger(zap.NewNop()),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// ownNamespace connects to a namespace of that server that nobody else uses, in
// which syncs may have any name.
func ownNamespace(t *testing.T) (c client.Client, namespace string) {
	t.Helper()
	options := client.Options{
		HostPort: devservertest.ForTest(t).Address(), Namespace: "test-" + uuid.NewString()[:8], Logger: telemetry.TemporalLogger(zap.NewNop()),
	}
	namespaces, err := client.NewNamespaceClient(options)
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: options.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	c, err = dialLocal(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, options.Namespace
}

// office is a desk with a Temporal namespace and a worker.
type office struct {
	*desk
	client    client.Client
	namespace string
	spec      config.Sync
}

// newOffice makes an office whose sync file is edited: pairs of a text and what
// takes its place.
func newOffice(t *testing.T, edits ...string) *office {
	t.Helper()
	o := &office{desk: newDesk(t)}
	o.open(t, "", edits...)
	return o
}

// open lets a worker in, which keeps the fields of failed and sampled members if it
// has a key, for as long as the test lasts.
func (o *office) open(t *testing.T, failureKey string, edits ...string) {
	t.Helper()
	t.Cleanup(o.openFor(t, failureKey, edits...))
}

// openFor is open for as long as stop is not called.
func (o *office) openFor(t *testing.T, failureKey string, edits ...string) (stop func()) {
	t.Helper()
	o.client, o.namespace = ownNamespace(t)
	o.edit(t, "sync.yaml", "poll: 1s", "poll: 100ms")
	for i := 0; i < len(edits); i += 2 {
		o.edit(t, "sync.yaml", edits[i], edits[i+1])
	}
	worker, err := host.Start(t.Context(), host.Options{
		Client: o.client, Ledger: "sqlite:" + o.file("ledger.db"), Connections: o.file("connections.yaml"), FailureKey: failureKey,
		Meter: noop.NewMeterProvider().Meter("test"), Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	o.spec, err = loadSync(o.file("sync.yaml"))
	require.NoError(t, err)
	return func() { require.NoError(t, worker.Stop()) }
}

// start starts a run to which every request for contacts is answered like this.
func (o *office) start(t *testing.T, status int) client.WorkflowRun {
	t.Helper()
	require.NoError(t, o.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodPost}, Do: faults.Status, Status: status,
	}}}))
	run, joined, err := startSync(t.Context(), o.client, workflows.AudienceSyncInput{Spec: o.spec, Full: true})
	require.NoError(t, err)
	require.False(t, joined)
	require.Eventually(t, func() bool {
		progress, err := askProgress(t.Context(), o.client, run.GetID())
		return err == nil && progress.Hold != nil
	}, patience, 20*time.Millisecond, "the run waits for nobody")
	return run
}

// order gives an order as an operator does.
func (o *office) order(t *testing.T, verb string, args ...string) answer {
	t.Helper()
	return o.tell(t, append([]string{verb, "demo"}, args...)...)
}

// tell runs a verb that talks to Temporal.
func (o *office) tell(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, append(args, "--address", devservertest.ForTest(t).Address(), "--namespace", o.namespace)...)
}

// end lets Hello Charles take everything, and waits for the end of the run.
func (o *office) end(t *testing.T, run client.WorkflowRun) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_ = run.Get(ctx, nil) // Its verdict is no matter here.
	require.NoError(t, ctx.Err(), "the run does not end")
}

func TestAnOrderSaysWhatHoldsTheRunAllTheSame(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	nobody := o.order(t, "pause")
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo: no run of it is going; audiencesync list shows all syncs\n"}, nobody)

	run := o.start(t, http.StatusUnprocessableEntity)
	waits := o.order(t, "status")
	require.Equal(t, exitWaiting, waits.code)
	require.True(t, strings.HasPrefix(waits.stderr, "sync demo, run 1: Hello Charles refused 16 requests in a row"), "to wait is no error: %s", waits.stderr)
	refused := o.order(t, "resume")
	require.Equal(t, answer{
		code: exitUsage, stderr: "error: sync demo: the run is not paused, it waits for approval: audiencesync approve demo, or decline\n",
	}, refused)
	paused := o.order(t, "pause")
	require.Zero(t, paused.code, paused.stderr)
	require.Contains(t, paused.stdout, "demo: run 1 paused: the run waits all the same: sync demo, run 1: Hello Charles refused 16 requests in a row")
	approved := o.order(t, "approve")
	require.Zero(t, approved.code, approved.stderr)
	require.Contains(t, approved.stdout, "demo: run 1 approved: the run waits all the same: sync demo: paused by ")
	require.Contains(t, approved.stdout, "; go on with audiencesync resume demo\n")
	require.NotContains(t, approved.stdout, "refused", "the hold was answered")
	again := o.order(t, "approve")
	require.Equal(t, exitUsage, again.code)
	require.Contains(t, again.stderr, "error: sync demo: the run waits, but for no approval: sync demo: paused by ")
	require.NoError(t, o.SetFaults(simulator.Faults{}))
	resumed := o.order(t, "resume")
	require.Equal(t, answer{stdout: "demo: run 1 resumed: the run goes on\n"}, resumed)
	o.end(t, run)
	require.Equal(t, answer{
		code: exitUsage, stderr: "error: sync demo: no run waits for approval, and none is going; how the last one ended: audiencesync status demo\n",
	}, o.order(t, "approve"))

	run = o.start(t, http.StatusUnauthorized)
	paused = o.order(t, "pause")
	require.Contains(t, paused.stdout, "demo: run 2 paused: the run waits all the same: sync demo: connection charles-demo: ")
	require.NoError(t, o.SetFaults(simulator.Faults{}))
	resumed = o.order(t, "resume")
	require.Equal(t, answer{stdout: "demo: run 2 resumed: the run goes on\n"}, resumed, "it answers the pause and the hold")
	o.end(t, run)

	run = o.start(t, http.StatusUnprocessableEntity)
	declined := o.order(t, "decline", "--why", "wrong mapping")
	require.Zero(t, declined.code, declined.stderr)
	require.Equal(t, "demo: run 3 declined: the run ends\n", declined.stdout)
	o.end(t, run)
}

func TestWhyAnOrderFailedDecidesExitCodeAndText(t *testing.T) {
	t.Parallel()
	const noWorker = `sync demo: no worker answers; start one with "audiencesync up" or audiencesync-worker`
	for name, c := range map[string]struct {
		err  error
		code int
		text string
	}{
		"no run":          {serviceerror.NewNotFound("workflow not found"), exitUsage, "sync demo: no run of it is going; audiencesync list shows all syncs"},
		"late":            {client.NewWorkflowUpdateServiceTimeoutOrCanceledError(serviceerror.NewDeadlineExceeded("late")), exitFailed, noWorker},
		"nobody polls":    {serviceerror.NewFailedPrecondition("no poller seen"), exitFailed, noWorker},
		"the run says no": {temporal.NewApplicationError("sync demo: say who decides", "errorString"), exitUsage, "sync demo: say who decides"},
		"no server":       {serviceerror.NewUnavailable("refused"), exitFailed, "sync demo: Temporal does not answer any more (refused); a run that is going goes on when it is back: see it with audiencesync status"},
		"something other": {serviceerror.NewResourceExhausted(0, "busy"), exitFailed, "sync demo: busy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := steerError("demo", c.err)
			require.EqualError(t, err, c.text)
			var coded *exitError
			require.ErrorAs(t, err, &coded)
			require.Equal(t, c.code, coded.code)
		})
	}
}

func TestAnOrderThatNoWorkerTakesSaysSo(t *testing.T) {
	t.Parallel()
	c := ownServer(t)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.SyncID("lonely"), TaskQueue: "nobody"}, workflows.AudienceSync,
		workflows.AudienceSyncInput{})
	require.NoError(t, err)
	for _, update := range []string{workflows.UpdateApprove, workflows.UpdateDecline, workflows.UpdatePause, workflows.UpdateResume, workflows.UpdateCancel} {
		t.Run(update, func(t *testing.T) {
			t.Parallel()
			// As with the time that orders have, which is longer.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var a app
			_, _, err := a.steer(ctx, c, "lonely", update, "")
			says := `sync lonely: no worker answers; start one with "audiencesync up" or audiencesync-worker`
			if update != workflows.UpdateApprove && update != workflows.UpdateDecline { // These ask first how the run stands.
				says += "; the run may heed the order all the same when one is there: audiencesync status lonely"
			}
			require.EqualError(t, err, says)
			var coded *exitError
			require.ErrorAs(t, err, &coded)
			require.Equal(t, exitFailed, coded.code)
		})
	}
}
