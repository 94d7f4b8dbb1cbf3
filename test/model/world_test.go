// Package model runs random histories of two syncs into one workspace, with the
// real workflow, activities, ledger and simulators, and compares what Hello Charles
// truly holds with a model after every run.
package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/workflows"
)

// customs are how a workspace is used.
type customs struct {
	// email: people who come back under another reference are merged by it; phone: by
	// their phone number, and the reference is a customer number.
	email, phone bool
	// shared: both syncs mark by one custom property.
	shared bool
}

func (w *world) merges() bool { return w.customs.email || w.customs.phone }

// world is two audiences, one workspace, one ledger, and workers that die.
type world struct {
	*rapid.T
	ctx     context.Context
	customs customs

	// sources hold an audience each; the first one is the workspace too.
	sources [2]*simulator.Simulator
	// deliveries bring the members of an audience to where they are read.
	deliveries  [2]func(members []map[string]any)
	connections config.Connections
	ledger      string
	book        *ledger.Ledger
	charles     *hook

	syncs [2]*modelSync
	model
	runs int
}

// hook stands between the worker and Hello Charles, and lets the worker die with a
// request on its way.
type hook struct {
	inner http.Handler
	// die is called for each upsert, with nil before it has an effect and after it.
	die atomic.Pointer[func(after bool)]
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	die := h.die.Load()
	if die == nil || r.Method != http.MethodPost && r.Method != http.MethodPut {
		h.inner.ServeHTTP(w, r)
		return
	}
	(*die)(false)
	if r.Context().Err() != nil {
		return
	}
	recorded := httptest.NewRecorder()
	h.inner.ServeHTTP(recorded, r)
	(*die)(true)
	maps.Copy(w.Header(), recorded.Header())
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
}

// scratch is a folder in memory where there is one: a history takes thousands of
// transactions.
func scratch(t *testing.T) string {
	t.Helper()
	if shared, err := os.MkdirTemp("/dev/shm", "audiencesync-model-"); err == nil { //nolint:usetesting // That would be on disk.
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(shared)) })
		return shared
	}
	return t.TempDir()
}

// newWorld starts a world of its own.
func newWorld(t *rapid.T, folder, address string, how customs, send config.SendMode) (*world, func()) {
	w := &world{T: t, ctx: context.Background(), customs: how}
	segments := make([]contacts.Segment, 0, len(w.sources))
	properties := []simulator.Property{}
	for i := range w.sources {
		marker := w.markerOf(i)
		holds := contacts.Condition{Property: marker, Equals: "member"}
		if how.shared {
			holds = contacts.Condition{Property: marker, Contains: "|" + audienceOf(i) + "|"}
		}
		segments = append(segments, contacts.Segment{ID: segmentOf(i), Name: marker, All: []contacts.Condition{holds}})
		names := []string{originOf(i)}
		if i == 0 || !how.shared {
			names = append(names, marker)
		}
		for _, name := range names {
			properties = append(properties, simulator.PersonProperty("p-"+name, name, "string", "textinput"))
		}
	}
	options := simulator.CharlesOptions{
		Properties: properties, Segments: segments, ChannelsToCreate: true, StitchEmail: how.email, StitchPhone: how.phone,
	}
	limits := config.Limits{RequestsPerSecond: 10_000, RequestsInFlight: 4, MaxRetryAfter: config.Duration(time.Minute)}
	w.connections = config.Connections{
		ZeotapAPI: map[string]config.ZeotapAPI{}, ZeotapExport: map[string]config.ZeotapExport{}, HelloCharles: map[string]config.HelloCharles{},
	}
	servers := make([]*httptest.Server, 0, len(w.sources)+1)
	for i := range w.sources {
		w.sources[i] = simulator.New(simulator.Options{
			Zeotap: simulator.ZeotapOptions{Audience: audience.Audience{ID: audienceOf(i), Name: "Audience"}}, Charles: options,
		})
		if server := w.connectSource(i, folder, limits); server != nil {
			servers = append(servers, server)
		}
	}
	w.charles = &hook{inner: w.sources[0].CharlesHandler()}
	server := httptest.NewServer(w.charles)
	servers = append(servers, server)
	charles := config.DefaultHelloCharles()
	charles.BaseURL, charles.Credential, charles.Limits, charles.SourceType = server.URL, "the key", limits, "zeotap"
	charles.Omitted, charles.Send = config.OmittedKeep, send
	charles.Gone.Codes = []string{"phone_numbers_required"}
	charles.Batch.Method, charles.Batch.Path, charles.Batch.Envelope, charles.Batch.Reply = "POST", "/api/v1beta/contacts/batch", "contacts", config.RepliesItems
	charles.Batch.MaxItems = 3
	w.connections.HelloCharles["charles"] = charles
	w.ledger = address
	w.openLedger()
	w.begin()
	return w, func() {
		for _, server := range servers {
			server.Close()
		}
		require.NoError(t, w.book.Close())
	}
}

func (w *world) markerOf(i int) string {
	if w.customs.shared {
		return "zeotap_audiences"
	}
	return "zeotap_audience_" + audienceOf(i)
}

func segmentOf(i int) string  { return "seg-" + audienceOf(i) }
func audienceOf(i int) string { return fmt.Sprint(984 + i) }
func originOf(i int) string   { return fmt.Sprint("origin_", i) }
func sourceOf(i int) string   { return fmt.Sprint("zeotap-", i) }

func (w *world) openLedger() {
	book, err := ledger.Open(w.ctx, w.ledger, ledger.WithFailureKey([]byte("a secret of sixteen bytes or more")))
	require.NoError(w, err)
	w.book = book
}

// worker is the activities of a run's workers, one after the other, and the deaths
// that they are going to die.
type worker struct {
	world *world
	token string

	mutex sync.Mutex
	now   *process
	past  []*process
	// calls counts activities, dies names the ones in which the worker dies, and how.
	calls      int
	dies       map[int]death
	terminated bool
}

// process is one life of a worker: it knows nothing but the ledger at its start.
type process struct {
	*activities.Activities

	close func()
	life  context.Context //nolint:containedctx // It is a life, not a call.
	die   context.CancelFunc
}

// death is how a worker dies within an activity.
type death string

const (
	beforeWork    death = "before its work"
	afterWork     death = "after its work"
	beforeRequest death = "before a request has an effect"
	afterRequest  death = "after a request had its effect"
	// terminates: the run is terminated, not only the worker, after this activity.
	terminates death = "and the run is terminated"
	// terminatesInRequest: with a request under way that has its effect.
	terminatesInRequest death = "and the run is terminated, after a request had its effect"
)

var deaths = []death{beforeWork, afterWork, beforeRequest, afterRequest, terminates, terminatesInRequest}

func (w *worker) start() {
	p := &process{}
	p.life, p.die = context.WithCancel(w.world.ctx)
	p.Activities, p.close = activities.New(activities.Dependencies{
		Ledger: w.world.book, Connections: w.world.connections, Meter: noop.NewMeterProvider().Meter("test"), HandIn: time.Millisecond,
		Credential: func(context.Context, string) (string, error) { return simulator.DefaultKey, nil },
	})
	w.now, w.past = p, append(w.past, p)
}

func (w *worker) stop() {
	for _, p := range w.past {
		p.die()
		p.close()
	}
}

var errDied = errors.New("the worker died")

func errTerminated() error {
	return temporal.NewNonRetryableApplicationError("the run was terminated", "Terminated", nil)
}

// next is the process for the next activity, and how it dies in it, if it does.
func (w *worker) next() (on *process, how death, terminated bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.calls++
	return w.now, w.dies[w.calls], w.terminated
}

// bury starts another process in the place of one that died.
func (w *worker) bury(dead *process, terminated bool) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	dead.die()
	w.terminated = w.terminated || terminated
	if w.now == dead {
		w.start()
	}
	if w.terminated {
		return errTerminated()
	}
	return errDied
}

// do does an activity, unless the worker dies.
func (w *worker) do(ctx context.Context, work func(ctx context.Context, a *activities.Activities) error) error {
	on, how, terminated := w.next()
	if terminated {
		return errTerminated()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(on.life, cancel)() //nolint:contextcheck // It ends with the life of the process, too.
	switch how {
	case beforeRequest, afterRequest, terminatesInRequest:
		die := func(after bool) {
			if after == (how != beforeRequest) {
				on.die()
			}
		}
		w.world.charles.die.Store(&die)
		defer w.world.charles.die.Store(nil)
	case beforeWork:
		return w.bury(on, false)
	}
	err := work(ctx, on.Activities)
	if how != "" || on.life.Err() != nil {
		return w.bury(on, how == terminates || how == terminatesInRequest)
	}
	return err
}

// perform is do for an activity with a result.
func perform[I, R any](ctx context.Context, w *worker, in I, work func(a *activities.Activities, ctx context.Context, in I) (R, error)) (R, error) {
	var result R
	err := w.do(ctx, func(ctx context.Context, a *activities.Activities) error {
		var err error
		result, err = work(a, ctx, in)
		return err
	})
	return result, err
}

// OpenRun opens a run under a token of its own: the test environment calls all runs
// by the same name.
func (w *worker) OpenRun(ctx context.Context, in activities.OpenRunInput) (activities.OpenRunResult, error) {
	in.Token = w.token
	return perform(ctx, w, in, (*activities.Activities).OpenRun)
}

func (w *worker) ReadPages(ctx context.Context, in activities.ReadPagesInput) (activities.ReadPagesResult, error) {
	return perform(ctx, w, in, (*activities.Activities).ReadPages)
}

func (w *worker) Decide(ctx context.Context, in activities.DecideInput) (activities.Plan, error) {
	return perform(ctx, w, in, (*activities.Activities).Decide)
}

func (w *worker) SendBatch(ctx context.Context, in activities.SendBatchInput) (activities.SendBatchResult, error) {
	return perform(ctx, w, in, (*activities.Activities).SendBatch)
}

func (w *worker) ExpectSegment(ctx context.Context, in activities.ExpectSegmentInput) (int64, error) {
	return perform(ctx, w, in, (*activities.Activities).ExpectSegment)
}

func (w *worker) CountSegment(ctx context.Context, in activities.CountSegmentInput) (activities.CountSegmentResult, error) {
	return perform(ctx, w, in, (*activities.Activities).CountSegment)
}

func (w *worker) CompareSegment(ctx context.Context, in activities.CompareSegmentInput) (activities.CompareSegmentResult, error) {
	return perform(ctx, w, in, (*activities.Activities).CompareSegment)
}

func (w *worker) CloseRun(ctx context.Context, in activities.CloseRunInput) (audience.Report, error) {
	return perform(ctx, w, in, (*activities.Activities).CloseRun)
}

func (w *worker) DropRead(ctx context.Context, in activities.DropReadInput) error {
	return w.do(ctx, func(ctx context.Context, a *activities.Activities) error { return a.DropRead(ctx, in) })
}

// run runs a sync once. The report is nil for a run that was terminated.
func (w *world) run(in workflows.AudienceSyncInput, dies map[int]death) *audience.Report {
	w.runs++
	work := &worker{world: w, token: fmt.Sprint("run-", w.runs), dies: dies}
	work.start()
	defer work.stop()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(10 * time.Minute)
	env.SetStartTime(time.Now())
	env.RegisterWorkflow(workflows.AudienceSync)
	env.RegisterActivity(work)
	env.ExecuteWorkflow(workflows.AudienceSync, in)
	require.True(w, env.IsWorkflowCompleted())
	if work.terminated {
		return nil
	}
	report := new(audience.Report)
	err := env.GetWorkflowError()
	if err == nil {
		require.NoError(w, env.GetWorkflowResult(report))
		return report
	}
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(w, ok, "%v", err)
	require.NoError(w, failed.Details(report), "%v", err)
	return report
}

// silent is a logger for workflows whose deaths are part of the test.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
