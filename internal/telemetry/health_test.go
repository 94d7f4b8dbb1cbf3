package telemetry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"audiencesync/internal/telemetry"
)

func healthOf(t *testing.T, ready func(context.Context) error) *telemetry.Health {
	t.Helper()
	metrics, err := telemetry.NewMetrics()
	require.NoError(t, err)
	return &telemetry.Health{Ready: ready, Metrics: metrics.Handler(), Logger: zap.NewNop()}
}

func TestAProcessThatCannotWorkIsAliveAndNotReady(t *testing.T) {
	t.Parallel()
	health := healthOf(t, func(context.Context) error { return errors.New("Temporal does not answer") })
	status, body := get(t, health.Handler(), http.MethodGet, "/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "alive\n", body)
	status, body = get(t, health.Handler(), http.MethodGet, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "not ready: Temporal does not answer\n", body)
}

func TestAProcessThatCanWorkIsReady(t *testing.T) {
	t.Parallel()
	health := healthOf(t, func(ctx context.Context) error {
		until, bounded := ctx.Deadline()
		if !bounded || time.Until(until) > 5*time.Second {
			return errors.New("the check has no bound")
		}
		return nil
	})
	status, body := get(t, health.Handler(), http.MethodGet, "/readyz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ready\n", body)
}

func TestHealthServesMetricsAndNothingElse(t *testing.T) {
	t.Parallel()
	health := healthOf(t, func(context.Context) error { return nil })
	status, body := get(t, health.Handler(), http.MethodGet, "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "go_goroutines")
	status, _ = get(t, health.Handler(), http.MethodGet, "/")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = get(t, health.Handler(), http.MethodPost, "/readyz")
	require.Equal(t, http.StatusMethodNotAllowed, status)
}

func TestHealthIsServedUntilTheProcessStops(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	health := healthOf(t, func(context.Context) error { return nil })
	stopped := make(chan error, 1)
	go func() { stopped <- health.Serve(ctx, listener) }()

	ask := func() (int, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/healthz", nil)
		if err != nil {
			return 0, err
		}
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		return reply.StatusCode, reply.Body.Close()
	}
	status, err := ask()
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)

	stop()
	require.NoError(t, <-stopped)
	_, err = ask()
	require.Error(t, err)
}

func TestAnAddressThatCannotBeServedIsAnError(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, healthOf(t, nil).Serve(t.Context(), listener), net.ErrClosed)
}
