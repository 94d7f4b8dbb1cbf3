package host

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"audiencesync/activities"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/telemetry"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// talker is a worker whose only activity returns a text of so many bytes, and a workflow
// that tries it without end.
type talker struct {
	client client.Client
	queue  string
	// within is how long one call may take.
	within time.Duration
	calls  atomic.Int64
}

func newTalker(t *testing.T, interceptors ...interceptor.WorkerInterceptor) *talker {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: devservertest.ForTest(t).Address(), Logger: telemetry.TemporalLogger(zap.NewNop()),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	talks := &talker{client: c, queue: uuid.NewString(), within: time.Minute}
	w := worker.New(c, talks.queue, worker.Options{Interceptors: interceptors})
	w.RegisterActivityWithOptions(func(_ context.Context, bytes int) (string, error) {
		talks.calls.Add(1)
		return strings.Repeat("x", bytes), nil
	}, activity.RegisterOptions{Name: "talk"})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, bytes int) (int, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: talks.within,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumInterval: 10 * time.Millisecond},
		})
		var said string
		err := workflow.ExecuteActivity(ctx, "talk", bytes).Get(ctx, &said)
		return len(said), err
	}, workflow.RegisterOptions{Name: "listen"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return talks
}

// start lets the activity return so many bytes.
func (r *talker) start(t *testing.T, bytes int) client.WorkflowRun {
	t.Helper()
	run, err := r.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: r.queue}, "listen", bytes)
	require.NoError(t, err)
	return run
}

func TestAResultThatIsTooLargeFailsOnceAndSaysSo(t *testing.T) {
	t.Parallel()
	for name, bytes := range map[string]int{
		"beyond our bound":                  maxResultBytes,
		"beyond what the server keeps":      3 << 20,
		"beyond what a request to it holds": 6 << 20,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talks := newTalker(t, Options{}.interceptors()...)
			var said *temporal.ApplicationError
			require.ErrorAs(t, talks.start(t, bytes).Get(t.Context(), nil), &said)
			require.Equal(t, activities.TypeResultTooLarge, said.Type())
			require.True(t, said.NonRetryable())
			require.Contains(t, said.Message(), "the result of talk has ")
			require.EqualValues(t, 1, talks.calls.Load())
		})
	}
}

func TestAResultWithinTheBoundArrives(t *testing.T) {
	t.Parallel()
	var length int
	require.NoError(t, newTalker(t, Options{}.interceptors()...).start(t, maxResultBytes-2).Get(t.Context(), &length))
	require.Equal(t, maxResultBytes-2, length)
}

// When this fails the SDK, or the server, has learned to end it, and resultBound is not
// needed any more.
func TestWithoutTheBoundAResultThatNoMessageHoldsIsMadeAgainAndAgain(t *testing.T) {
	t.Parallel()
	talks := newTalker(t)
	talks.within = time.Second
	run := talks.start(t, 6<<20)
	require.Eventually(t, func() bool { return talks.calls.Load() >= 2 }, 2*time.Minute, 10*time.Millisecond)
	require.NoError(t, talks.client.TerminateWorkflow(t.Context(), run.GetID(), run.GetRunID(), "it was seen"))
}
