package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"audiencesync/internal/telemetry"
)

// watched sees all that a worker says: its logs at the level debug, its metrics, and
// every request that it and the test send to Temporal, heartbeats too.
type watched struct {
	metrics *telemetry.Metrics
	logger  *zap.Logger
	// failureKey says where the key is that fields of failures are kept with.
	failureKey string

	mutex sync.Mutex
	texts map[string]*bytes.Buffer
}

const (
	theLog      = "log"
	theRequests = "requests to Temporal"
)

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{texts: map[string]*bytes.Buffer{}}
	var err error
	w.metrics, err = telemetry.NewMetrics()
	require.NoError(t, err)
	w.logger, err = telemetry.NewLogger(said{w, theLog}, "debug", "json")
	require.NoError(t, err)
	return w
}

// said adds what is written to one of the texts.
type said struct {
	by   *watched
	text string
}

// Write implements io.Writer.
func (s said) Write(text []byte) (int, error) {
	s.by.add(s.text, text)
	return len(text), nil
}

func (w *watched) add(name string, texts ...[]byte) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.texts[name] == nil {
		w.texts[name] = &bytes.Buffer{}
	}
	for _, text := range texts {
		_, _ = w.texts[name].Write(text)
		_ = w.texts[name].WriteByte('\n')
	}
}

// all are the texts so far, by what they are.
func (w *watched) all() map[string][]byte {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	texts := make(map[string][]byte, len(w.texts))
	for name, text := range w.texts {
		texts[name] = bytes.Clone(text.Bytes())
	}
	return texts
}

// listen lets the client's requests, logs and metrics be seen.
func (w *watched) listen(o *client.Options) {
	o.Logger, o.MetricsHandler = telemetry.TemporalLogger(w.logger), w.metrics.Temporal(w.logger)
	o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			if message, ok := request.(proto.Message); ok {
				if sent, err := proto.Marshal(message); err == nil {
					w.add(theRequests, []byte(method), sent)
				}
			}
			return invoke(ctx, method, request, reply, connection, options...)
		}))
}

// export adds all that Temporal and the worker's metrics hold now.
func (w *world) export(t *testing.T) {
	t.Helper()
	metrics := httptest.NewRecorder()
	w.watched.metrics.Handler().ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	require.Contains(t, metrics.Body.String(), "temporal_")
	w.watched.add("metrics", metrics.Body.Bytes())

	schedules, err := w.client.WorkflowService().ListSchedules(t.Context(), &workflowservice.ListSchedulesRequest{Namespace: w.namespace})
	require.NoError(t, err)
	w.watched.add("schedules", inForms(t, schedules)...)
	for _, known := range schedules.GetSchedules() {
		described, err := w.client.WorkflowService().DescribeSchedule(t.Context(), &workflowservice.DescribeScheduleRequest{
			Namespace: w.namespace, ScheduleId: known.GetScheduleId(),
		})
		require.NoError(t, err)
		w.watched.add("schedules", inForms(t, described)...)
	}

	var page []byte
	for first := true; first || page != nil; first = false {
		listed, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, NextPageToken: page})
		require.NoError(t, err)
		if page = listed.GetNextPageToken(); len(page) == 0 {
			page = nil
		}
		w.watched.add("list of workflows", inForms(t, listed)...)
		for _, execution := range listed.GetExecutions() {
			w.exportWorkflow(t, execution.GetExecution().GetWorkflowId(), execution.GetExecution().GetRunId(), execution.GetType().GetName())
		}
	}
}

// exportWorkflow adds the history and the description of one workflow: memo, search
// attributes, summary, and what is pending.
func (w *world) exportWorkflow(t *testing.T, id, run, kind string) {
	t.Helper()
	described, err := w.client.DescribeWorkflowExecution(t.Context(), id, run)
	require.NoError(t, err)
	w.watched.add("description of "+kind, inForms(t, described)...)
	for _, history := range w.histories(t, id, run) {
		w.watched.add("history of "+kind, inForms(t, history)...)
	}
	var progress json.RawMessage
	if value, err := w.client.QueryWorkflow(t.Context(), id, run, "progress"); err == nil && value.Get(&progress) == nil {
		w.watched.add("progress of "+kind, progress)
	}
}

// inForms are a message as it is sent, as JSON, and as it is printed.
func inForms(t *testing.T, message proto.Message) [][]byte {
	t.Helper()
	sent, err := proto.Marshal(message)
	require.NoError(t, err)
	inJSON, err := protojson.Marshal(message)
	require.NoError(t, err)
	return [][]byte{sent, inJSON, []byte(fmt.Sprint(message))}
}
