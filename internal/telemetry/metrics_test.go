package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"audiencesync/internal/telemetry"
)

// get asks a handler over HTTP.
func get(t *testing.T, handler http.Handler, method, path string) (status int, body string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	require.NoError(t, err)
	reply, err := server.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	content, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return reply.StatusCode, string(content)
}

func TestMetricsOfOursOfTheSDKAndOfTheProcessAreServed(t *testing.T) {
	t.Parallel()
	metrics, err := telemetry.NewMetrics()
	require.NoError(t, err)
	requests, err := metrics.Meter().Int64Counter("audiencesync.requests", metric.WithUnit("{request}"))
	require.NoError(t, err)
	requests.Add(t.Context(), 3, metric.WithAttributes(attribute.String("result", "ok")))
	sdk := metrics.Temporal(zap.NewNop()).WithTags(map[string]string{"task_queue": "audiencesync"})
	sdk.Counter("temporal_request").Inc(2)
	sdk.Gauge("temporal_num_pollers").Update(5)
	sdk.Timer("temporal_request_latency").Record(time.Second)

	status, body := get(t, metrics.Handler(), http.MethodGet, "/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `audiencesync_requests_total{result="ok"} 3`)
	require.Regexp(t, `(?m)^temporal_request_total\{task_queue="audiencesync"\} 2$`, body)
	require.Regexp(t, `(?m)^temporal_num_pollers\{task_queue="audiencesync"\} 5$`, body)
	require.Contains(t, body, "temporal_request_latency")
	require.Contains(t, body, "go_goroutines ")
	require.Contains(t, body, "process_start_time_seconds ")
	require.NotContains(t, body, "otel_scope", "scopes would make every line longer and say nothing")
}

func TestTwoProcessesInOneDoNotShareMetrics(t *testing.T) {
	t.Parallel()
	one, err := telemetry.NewMetrics()
	require.NoError(t, err)
	other, err := telemetry.NewMetrics()
	require.NoError(t, err)
	counter, err := one.Meter().Int64Counter("audiencesync.runs")
	require.NoError(t, err)
	counter.Add(context.WithoutCancel(t.Context()), 1)
	_, body := get(t, other.Handler(), http.MethodGet, "/")
	require.NotContains(t, body, "audiencesync_runs")
}
