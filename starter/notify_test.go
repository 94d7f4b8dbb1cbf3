package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATestMessageSaysWhetherAReceiverTakesIt(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		body = string(raw)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	file := filepath.Join(folder, "connections.yaml")
	require.NoError(t, os.WriteFile(file, []byte("connections:\n  ops-slack: {kind: webhook, url: file:url}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "url"), []byte(server.URL+"/hunter2"), 0o600))
	run := func(args ...string) (int, string, string) {
		got := call(t, append([]string{"notify", "test"}, args...)...)
		return got.code, got.stdout, got.stderr
	}

	code, stdout, _ := run("ops-slack", "--connections", file)
	require.Equal(t, exitGood, code)
	require.Equal(t, "connection ops-slack has taken a test message\n", stdout)
	require.JSONEq(t, `{"connection": "ops-slack", "delivered": true}`, call(t, "notify", "test", "ops-slack", "--connections", file, "-o", "json").stdout)
	require.Contains(t, body, `"text":"This is a test of audiencesync's connection ops-slack: nothing has happened."`)

	status = http.StatusNotFound
	code, _, stderr := run("ops-slack", "--connections", file)
	require.Equal(t, exitFailed, code)
	require.Equal(t, "error: connection ops-slack: the receiver answers with status 404: put the URL that it has now behind the connection's url, and the secret if it signs\n", stderr)

	code, _, stderr = run("ops-slak", "--connections", file)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, `webhook "ops-slak" is not a known connection; did you mean "ops-slack"?`)
	code, _, stderr = run("ops-slack", "--connections", "")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "--connections FILE")
}
