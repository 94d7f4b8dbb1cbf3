package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/telemetry"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

func TestTheTapPassesEverythingOnAndKnowsTheLargestMessages(t *testing.T) {
	t.Parallel()
	tap, address, err := newTap(t.Context(), devservertest.ForTest(t).Address())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tap.stop()) })
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Logger: telemetry.TemporalLogger(zap.NewNop())})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	queue := uuid.NewString()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(_ workflow.Context, text string) (string, error) { return text + text, nil }, workflow.RegisterOptions{Name: "double"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, WorkflowTaskTimeout: time.Minute}, "double", strings.Repeat("x", 100_000))
	require.NoError(t, err)
	var text string
	require.NoError(t, run.Get(t.Context(), &text))
	require.Len(t, text, 200_000)
	_, err = c.DescribeWorkflowExecution(t.Context(), uuid.NewString(), "")
	var missing *serviceerror.NotFound
	require.ErrorAs(t, err, &missing, "an error arrives as what it is")

	sent, received := tap.seen()
	require.Equal(t, "RespondWorkflowTaskCompleted", sent.method)
	require.InDelta(t, 200_000, sent.bytes, 2000)
	require.Equal(t, "GetWorkflowExecutionHistory", received.method)
	require.InDelta(t, 200_000, received.bytes, 2000)
	sent, received = tap.seen()
	require.Less(t, sent.bytes+received.bytes, 100_000, "what was seen is forgotten")
}
