package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/buildinfo"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/test/endtoend/programs"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

const connections = "../examples/demo/connections.yaml"

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	t.Setenv("AUDIENCESYNC_CONNECTIONS", "of-the-environment.yaml")
	t.Setenv("AUDIENCESYNC_LEDGER", "sqlite:of-the-environment.db")

	f, err := parse(nil, nil)
	require.NoError(t, err)
	require.Equal(t, flags{
		connections: "of-the-environment.yaml", ledger: "sqlite:of-the-environment.db",
		listen: "127.0.0.1:9090", logLevel: "info", logFormat: "json", heartbeatTimeout: 30 * time.Second,
	}, f)

	f, err = parse([]string{
		"--connections", "c.yaml", "--ledger", "sqlite:l.db", "--listen", ":1", "--address", "temporal:7233", "--namespace", "crm",
		"--activities", "50", "--heartbeat-timeout", "5s", "--log-level", "warn", "--log-format", "console",
		"--deployment", "crm-sync", "--build-id", "1.4.2",
	}, nil)
	require.NoError(t, err)
	require.Equal(t, flags{
		connections: "c.yaml", ledger: "sqlite:l.db", listen: ":1", address: "temporal:7233", namespace: "crm",
		activities: 50, heartbeatTimeout: 5 * time.Second, logLevel: "warn", logFormat: "console",
		deployment: "crm-sync", buildID: "1.4.2",
	}, f)
}

func TestHelpListsTheFlagsAndIsNoMistake(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--help"}, io.Discard, &stderr))
	for _, name := range []string{"activities", "address", "build-id", "connections", "deployment", "heartbeat-timeout", "ledger", "listen", "log-format", "log-level", "namespace", "version"} {
		require.Regexp(t, "\n  -"+name+"[ \n]", stderr.String())
	}
	_, err := parse([]string{"-h"}, &stderr)
	require.ErrorIs(t, err, flag.ErrHelp)
}

func TestTheVersionNeedsNoSettings(t *testing.T) {
	t.Setenv("AUDIENCESYNC_CONNECTIONS", "")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--version"}, &stdout, &stderr))
	require.Equal(t, buildinfo.Read().Line("audiencesync-worker")+"\n", stdout.String())
	require.Empty(t, stderr.String())
}

func TestHelpDoesNotShowThePasswordOfTheLedger(t *testing.T) {
	t.Setenv("AUDIENCESYNC_LEDGER", "postgres://me:hunter2@db/ledger")
	var stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--help"}, io.Discard, &stderr))
	require.NotContains(t, stderr.String(), "hunter2")
}

func TestMistakesInSettingsHaveOneTextAndCodeTwo(t *testing.T) {
	t.Setenv("AUDIENCESYNC_CONNECTIONS", "")
	t.Setenv("AUDIENCESYNC_LEDGER", "")
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("connections: [\n"), 0o600))
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":        {[]string{"--fast"}, "flag provided but not defined: -fast; see: audiencesync-worker --help"},
		"an argument":         {[]string{"demo"}, `unexpected argument "demo"; see: audiencesync-worker --help`},
		"no connections":      {nil, "name the connections file: --connections FILE or AUDIENCESYNC_CONNECTIONS"},
		"no ledger":           {[]string{"--connections", connections}, "name the ledger: --ledger sqlite:PATH or postgres://USER@HOST/DATABASE, or AUDIENCESYNC_LEDGER"},
		"hasty heartbeats":    {[]string{"--connections", connections, "--ledger", "sqlite:x", "--heartbeat-timeout", "1s"}, "--heartbeat-timeout is at least 3s"},
		"unknown log level":   {[]string{"--connections", connections, "--ledger", "sqlite:x", "--log-level", "loud"}, `log level "loud"`},
		"unknown log format":  {[]string{"--connections", connections, "--ledger", "sqlite:x", "--log-format", "xml"}, `log format "xml"`},
		"no such connections": {[]string{"--connections", "nobody.yaml", "--ledger", "sqlite:x"}, "nobody.yaml: no such file"},
		"broken connections":  {[]string{"--connections", broken, "--ledger", "sqlite:x"}, "broken.yaml:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			err := run(t.Context(), c.args, io.Discard, &stderr)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, exitUsage, codeOf(err))
			require.Empty(t, stderr.String(), "main says it once")
		})
	}
	require.Equal(t, exitFailed, codeOf(errors.New("odd")))
	require.Zero(t, codeOf(nil))
}

func TestAServerThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), []string{
		"--connections", connections, "--ledger", "sqlite:" + filepath.Join(t.TempDir(), "ledger.db"),
		"--address", "127.0.0.1:1", "--listen", "127.0.0.1:0",
	}, io.Discard, &bytes.Buffer{})
	require.ErrorContains(t, err, "connecting to Temporal at 127.0.0.1:1 (namespace default)")
	require.Equal(t, exitFailed, codeOf(err))
}

func TestAnAddressInUseIsNamedWithTheFlag(t *testing.T) {
	t.Parallel()
	taken := devservertest.ForTest(t).Address()
	err := run(t.Context(), []string{"--connections", connections, "--ledger", "sqlite:x", "--listen", taken}, io.Discard, &bytes.Buffer{})
	require.ErrorContains(t, err, "health and metrics at "+taken)
	require.ErrorContains(t, err, "choose another address with --listen")
}

func TestTheWorkerIsReadyUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	server := devservertest.ForTest(t)
	listen, err := programs.FreeAddress(t.Context())
	require.NoError(t, err)
	ledger := filepath.Join(t.TempDir(), "ledger.db")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log bytes.Buffer // Written to until the worker has ended.
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{
			"--connections", connections, "--ledger", "sqlite:" + ledger, "--address", server.Address(), "--listen", listen,
		}, io.Discard, &log)
	}()

	require.Eventually(t, func() bool { return status(t, "http://"+listen+"/readyz") == http.StatusOK }, time.Minute, 20*time.Millisecond)
	require.Equal(t, http.StatusOK, status(t, "http://"+listen+"/healthz"))
	require.Equal(t, http.StatusOK, status(t, "http://"+listen+"/metrics"))
	require.FileExists(t, ledger)

	stop()
	require.NoError(t, <-ended)
	require.Contains(t, log.String(), `"msg":"worker started"`)
	require.Contains(t, log.String(), `"msg":"stopped"`)
	require.Zero(t, status(t, "http://"+listen+"/healthz"))
}

// status is the status of an answer, 0 without one.
func status(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}
