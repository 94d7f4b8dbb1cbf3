package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

// lines hands on what is logged, line by line.
type lines chan []byte

func (l lines) Write(line []byte) (int, error) {
	l <- bytes.Clone(line)
	return len(line), nil
}

func TestServeListensUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	logged := make(lines, 2)
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(logged), zapcore.InfoLevel)
	s := simulator.New(simulator.Options{Logger: zap.New(core)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, "127.0.0.1:0", "127.0.0.1:0") }()
	for range 2 {
		var line struct{ Address string }
		require.NoError(t, json.Unmarshal(<-logged, &line))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+line.Address+"/_sim/stats", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	stop()
	require.NoError(t, <-ended)
}

func TestServeRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	require.ErrorContains(t, s.Serve(t.Context(), "0.0.0.0:0", "127.0.0.1:0"), "other machines")
	require.ErrorContains(t, s.Serve(t.Context(), ":0", "127.0.0.1:0"), "other machines")
	require.ErrorContains(t, s.Serve(t.Context(), "127.0.0.1:0", "7402"), "host:port")

	var listen net.ListenConfig
	taken, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	require.ErrorContains(t, s.Serve(t.Context(), "127.0.0.1:0", taken.Addr().String()), "Hello Charles cannot listen on "+taken.Addr().String())

	large := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: people.Capacity + 1}})
	require.ErrorContains(t, large.Serve(t.Context(), "127.0.0.1:0", "127.0.0.1:0"), "between 0 and")
}
