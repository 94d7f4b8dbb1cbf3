package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/examples"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/host"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/simulator"
	"audiencesync/internal/telemetry"
	"audiencesync/internal/vendorhttp/tlstest"
	"audiencesync/workflows"
)

// patience is how long anything is waited for that does not move, on a slow
// machine.
const patience = 2 * time.Minute

// settings say what a world is like.
type settings struct {
	simulator simulator.Options
	// connections are edits of the connections file: pairs of a text and what
	// takes its place.
	connections []string
	// overCharles, when given, changes the settings of charles-demo.
	overCharles func(map[string]any) (map[string]any, error)
	// mutual, when given, has signed the certificates of the vendors, and of whom
	// they let in.
	mutual *tlstest.Authority
	// watched, when given, sees all that the worker says.
	watched *watched
}

// world is all that a run needs, for one test alone: a Temporal namespace, both
// vendors, a ledger and a worker.
type world struct {
	*simulator.Simulator
	client client.Client
	// namespace is the client's, nobody else uses it.
	namespace string

	zeotap  *gate
	charles *gate
	dir     string
	address string // of the ledger
	worker  *host.Host
	watched *watched
}

// newWorld starts a world with an audience of so many members.
func newWorld(t *testing.T, members int64, with ...func(*settings)) *world {
	t.Helper()
	var s settings
	s.simulator.Zeotap.Members, s.simulator.Zeotap.Seed = members, 1
	for _, change := range with {
		change(&s)
	}
	w := &world{Simulator: simulator.New(s.simulator), dir: t.TempDir(), address: ledgertest.Address(t), watched: s.watched}
	w.zeotap, w.charles = newGate(t, w.ZeotapHandler(), s.mutual), newGate(t, w.CharlesHandler(), s.mutual)
	w.writeConnections(t, s)
	w.namespace = "test-" + uuid.NewString()[:8]
	w.client = connect(t, w.namespace, w.watched)
	w.startWorker(t)
	t.Cleanup(func() {
		if w.worker != nil {
			require.NoError(t, w.worker.Stop())
		}
	})
	return w
}

// batchesOf lets batches hold so many members.
func batchesOf(members int) func(*settings) {
	return func(s *settings) {
		s.connections = append(s.connections, "reply: items", fmt.Sprintf("reply: items\n      max_items: %d", members))
	}
}

// pagesOf lets pages hold so many members.
func pagesOf(members int) func(*settings) {
	return func(s *settings) {
		s.connections = append(s.connections, "kind: zeotap-api", fmt.Sprintf("kind: zeotap-api\n    page_size: %d", members))
	}
}

// inFlight allows so many requests to Hello Charles at once.
func inFlight(requests int) func(*settings) {
	return func(s *settings) {
		s.connections = append(s.connections, "requests_in_flight: 8", fmt.Sprintf("requests_in_flight: %d", requests))
	}
}

// withFaults lets the vendors go wrong from the start.
func withFaults(plan simulator.Faults) func(*settings) {
	return func(s *settings) { s.simulator.Faults = plan }
}

// connectionsText is the demo's, with a budget that does not slow tests down,
// and export files besides.
func connectionsText(t *testing.T) string {
	t.Helper()
	demo, err := examples.Demo.ReadFile("demo/connections.yaml")
	require.NoError(t, err)
	text := edit(t, string(demo),
		"requests_per_second: 20", "requests_per_second: 1000",
		"kind: zeotap-api", "kind: zeotap-api\n    limits: {requests_per_second: 1000}")
	for _, format := range []string{"csv", "ndjson"} {
		text += fmt.Sprintf(`
  zeotap-%[1]s:
    kind: zeotap-export
    url: drops/%[1]s
    pattern: ^{audience}/(?P<set>[^/]+)/part-[0-9]+\.%[1]s\.gz$
    format: %[1]s
    marker: "{audience}/{set}/_DONE"
    page_size: 700
`, format)
	}
	return text
}

func (w *world) writeConnections(t *testing.T, s settings) {
	t.Helper()
	text := edit(t, connectionsText(t), "http://127.0.0.1:7401", w.zeotap.url, "http://127.0.0.1:7402", w.charles.url)
	text = edit(t, text, s.connections...)
	if s.overCharles != nil {
		text = overlaid(t, text, s.overCharles)
	}
	key, err := examples.Demo.ReadFile("demo/demo.key")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "demo.key"), key, 0o600))
	require.NoError(t, os.WriteFile(w.connections(), []byte(text), 0o600))
}

// edit replaces texts that must be there.
func edit(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func (w *world) connections() string { return filepath.Join(w.dir, "connections.yaml") }

// connect returns a client of a new namespace, which is watched if a watcher is given.
func connect(t *testing.T, namespace string, by *watched) client.Client {
	t.Helper()
	options := client.Options{
		HostPort: serverAddress(t), Namespace: namespace, Identity: "integration-test",
		Logger: telemetry.TemporalLogger(zap.NewNop()), Plugins: []client.Plugin{failingAtOnce(t)},
	}
	namespaces, err := client.NewNamespaceClient(options)
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: options.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	if by != nil {
		by.listen(&options)
	}
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// startWorker starts the worker, again when it was stopped.
func (w *world) startWorker(t *testing.T) {
	t.Helper()
	options := host.Options{
		Client: w.client, Ledger: w.address, Connections: w.connections(),
		Meter: noop.NewMeterProvider().Meter("test"), Logger: zap.NewNop(),
	}
	if w.watched != nil {
		options.Meter, options.Logger, options.FailureKey = w.watched.metrics.Meter(), w.watched.logger, w.watched.failureKey
	}
	started, err := host.Start(t.Context(), options)
	require.NoError(t, err)
	w.worker = started
}

// demo is the sync of the demo, which looks often and gives up soon.
func demo(t *testing.T) config.Sync {
	t.Helper()
	text, err := examples.Demo.ReadFile("demo/sync.yaml")
	require.NoError(t, err)
	spec, err := config.ParseSync("sync.yaml", text)
	require.NoError(t, err)
	spec.Verification.Poll = config.Duration(100 * time.Millisecond)
	spec.Verification.MaxLag = config.Duration(20 * time.Second)
	spec.Verification.Deadline = config.Duration(patience)
	return spec
}

// start starts the sync as "audiencesync run" does, or finds the run that is
// going: then joined is true.
func (w *world) start(ctx context.Context, in workflows.AudienceSyncInput) (run client.WorkflowRun, joined bool, err error) {
	spec := in.Spec
	options := client.StartWorkflowOptions{
		ID:                                       workflows.SyncID(spec.Sync),
		TaskQueue:                                workflows.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            workflows.Summary(spec),
		StaticDetails:                            workflows.Details(in),
	}
	run, err = w.client.ExecuteWorkflow(ctx, options, workflows.AudienceSync, in)
	if going, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return w.client.GetWorkflow(ctx, options.ID, going.RunId), true, nil
	}
	return run, false, err
}

// started starts the sync.
func (w *world) started(t *testing.T, spec config.Sync) client.WorkflowRun {
	t.Helper()
	run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.False(t, joined)
	return run
}

// end waits for a run and returns its report or its error. A slow machine is
// waited for; a run that stands still is described in the test's log.
func (w *world) end(t *testing.T, run client.WorkflowRun) (*audience.Report, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var report audience.Report
	ended := make(chan error, 1)
	go func() { ended <- run.Get(ctx, &report) }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	events, moved := int64(0), time.Now()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return nil, err
			}
			return &report, nil
		case <-ticker.C:
		}
		described, err := w.client.DescribeWorkflowExecution(ctx, run.GetID(), "")
		if err != nil {
			continue // The server may be slow as well.
		}
		if n := described.GetWorkflowExecutionInfo().GetHistoryLength(); n != events {
			events, moved = n, time.Now()
		}
		if time.Since(moved) > patience {
			t.Log(w.whyStill(ctx, run))
			require.FailNow(t, "the run stands still", "nothing has happened for %s", patience)
		}
	}
}

// reconnect starts the worker with other connections: those of the demo, with
// these changes alone.
func (w *world) reconnect(t *testing.T, with ...func(*settings)) {
	t.Helper()
	var s settings
	for _, change := range with {
		change(&s)
	}
	require.NoError(t, w.worker.Stop())
	w.worker = nil
	w.writeConnections(t, s)
	w.startWorker(t)
}

// run runs the sync to its good end.
func (w *world) run(t *testing.T, spec config.Sync) *audience.Report {
	t.Helper()
	report, err := w.end(t, w.started(t, spec))
	require.NoError(t, err)
	return report
}

// progress asks a run how far it has come; a second time if a busy machine had no answer.
func (w *world) progress(ctx context.Context, spec config.Sync) (workflows.Progress, error) {
	var p workflows.Progress
	value, err := w.client.QueryWorkflow(ctx, workflows.SyncID(spec.Sync), "", workflows.QueryProgress)
	if _, late := errors.AsType[*serviceerror.DeadlineExceeded](err); late || errors.Is(err, context.DeadlineExceeded) {
		value, err = w.client.QueryWorkflow(ctx, workflows.SyncID(spec.Sync), "", workflows.QueryProgress)
	}
	if err != nil {
		return p, err
	}
	err = value.Get(&p)
	return p, err
}
