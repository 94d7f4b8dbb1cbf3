package main

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// taken is a port that somebody listens on until the test ends.
func taken(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	return listener.Addr().String()
}

func TestASecondUpInAFolderIsToldOfTheFolderBeforeThePorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner, err := os.Create(filepath.Join(dir, "temporal.owner"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, owner.Close()) })
	require.NoError(t, syscall.Flock(int(owner.Fd()), syscall.LOCK_EX))
	second := call(t, "up", "--dir", dir, "--connections", filepath.Join("..", "examples", "demo", "connections.yaml"), "--listen", taken(t))
	require.Equal(t, answer{code: exitFailed, stderr: "error: the folder " + dir +
		" is served by another audiencesync up already: stop that one first, or use another folder (--dir)\n"}, second)
}

func TestAPortThatIsTakenIsSaidWithItsFlag(t *testing.T) {
	t.Parallel()
	connections := filepath.Join("..", "examples", "demo", "connections.yaml")
	_, port, err := net.SplitHostPort(taken(t))
	require.NoError(t, err)
	for says, args := range map[string][]string{
		"choose another address with --listen":                            {"--listen", "127.0.0.1:" + port},
		"the Temporal server cannot listen on 127.0.0.1:" + port:          {"--listen", "127.0.0.1:0", "--temporal", "127.0.0.1:" + port, "--ui-port", "0"},
		"the Temporal server's web UI cannot listen on 127.0.0.1:" + port: {"--listen", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui-port", port},
	} {
		refused := call(t, append([]string{"up", "--dir", t.TempDir(), "--connections", connections}, args...)...)
		require.Equal(t, exitFailed, refused.code)
		require.Contains(t, refused.stderr, says)
		if args[1] == "127.0.0.1:0" {
			require.Contains(t, refused.stderr, "choose another port: --temporal HOST:PORT is the server's, --ui-port PORT that of the web UI")
		}
	}
}

func TestUpTakesTheConnectionsFileOfTheEnvironment(t *testing.T) {
	t.Setenv(connectionsVariable, "of-the-environment.yaml")
	refused := call(t, "up")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, "open of-the-environment.yaml: no such file or directory")
}
