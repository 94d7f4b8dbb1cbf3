package devserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/child"
)

// starterVariable makes this test binary a program that starts a server with
// the state folder it names ("-" for none), prints its address, and waits. With
// untiedVariable the server outlives it, as where no process can be tied to its parent.
const (
	starterVariable = "DEVSERVER_TEST_STARTER"
	untiedVariable  = "DEVSERVER_TEST_UNTIED"
)

func TestMain(m *testing.M) {
	dir, isStarter := os.LookupEnv(starterVariable)
	if !isStarter {
		os.Exit(m.Run())
	}
	if os.Getenv(untiedVariable) != "" {
		onOurEnd = child.LivesOn
	}
	options := Options{Headless: true}
	if dir != "-" {
		options.StateDir = dir
	}
	server, err := Start(context.Background(), options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.Address())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestStartReturnsAServerThatAnswersWithItsWebUI(t *testing.T) {
	t.Parallel()
	server, err := Start(t.Context(), Options{Namespace: "crm"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.UIAddress()+"/namespaces/crm/workflows", nil)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusOK, reply.StatusCode)
}

func TestStopLeavesNoProcess(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "state", "temporal.db")
	server, err := Start(t.Context(), Options{Headless: true, DatabaseFile: database})
	require.NoError(t, err)
	require.FileExists(t, database)
	group, err := syscall.Getpgid(server.state.PID)
	require.NoError(t, err)
	require.Equal(t, server.state.PID, group, "the server needs a process group of its own, or Ctrl-C reaches it")

	require.NoError(t, server.Stop())
	require.ErrorIs(t, syscall.Kill(-group, 0), syscall.ESRCH)
	require.False(t, listening(t, server.Address()))
	require.NoError(t, server.Stop(), "a second Stop does nothing")
}

func TestAServerThatOutlivesItsStarterIsAdopted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, kill := starter(t, dir, untiedVariable+"=yes")
	kill()
	require.True(t, listening(t, address), "the server must outlive its starter")

	server, err := Start(t.Context(), Options{Headless: true, StateDir: dir})
	require.NoError(t, err)
	require.Equal(t, address, server.Address())

	require.NoError(t, server.Stop())
	require.False(t, listening(t, address))
	require.NoFileExists(t, filepath.Join(dir, "temporal.json"))
}

func TestAServerWithOtherSettingsIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, kill := starter(t, dir, untiedVariable+"=yes")
	kill()

	server, err := Start(t.Context(), Options{Headless: true, StateDir: dir, Namespace: "crm"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	require.NotEqual(t, address, server.Address())
	require.False(t, listening(t, address))
}

func TestAStaleStateFileIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// The process number of this test: it must not be taken for a server.
	stale := fmt.Sprintf(`{"pid": %d, "address": "127.0.0.1:1", "namespace": "default"}`, os.Getpid())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "temporal.json"), []byte(stale), 0o600))

	server, err := Start(t.Context(), Options{Headless: true, StateDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	require.NotEqual(t, "127.0.0.1:1", server.Address())
}

func TestAStateFolderHasOneOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _ := starter(t, dir)

	_, err := Start(t.Context(), Options{Headless: true, StateDir: dir})
	require.ErrorContains(t, err, dir+" is served by another audiencesync up already")
	require.True(t, listening(t, address))
}

func TestAServerEndsWithItsStarterHoweverThatEnds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can tie a process to its parent")
	}
	for name, dir := range map[string]string{"without a state folder": "-", "with one": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, kill := starter(t, dir)
			kill()
			require.Eventually(t, func() bool { return !listening(t, address) }, 10*time.Second, poll)
		})
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	t.Parallel()
	taken := listen(t)
	_, port, err := net.SplitHostPort(taken)
	require.NoError(t, err)

	_, err = Start(t.Context(), Options{Headless: true, Address: taken})
	require.ErrorIs(t, err, ErrPortInUse)
	require.ErrorContains(t, err, "cannot listen on "+taken)

	options := Options{}
	_, err = fmt.Sscan(port, &options.UIPort)
	require.NoError(t, err)
	_, err = Start(t.Context(), options)
	require.ErrorIs(t, err, ErrPortInUse)
	require.ErrorContains(t, err, "web UI cannot listen on "+taken)
}

func TestAServerThatEndsAtOnceIsReportedWithItsLastLines(t *testing.T) {
	t.Parallel()
	logFile := filepath.Join(t.TempDir(), "logs", "temporal.log")
	binary := script(t, "echo one; echo two; exit 3")

	_, err := Start(t.Context(), Options{Binary: binary, Headless: true, LogFile: logFile})
	require.ErrorIs(t, err, errExited)
	require.True(t, strings.HasSuffix(err.Error(), logFile+" ends with:\n  one\n  two"), err.Error())
}

func TestAPortThatAnotherProgramTookFirstIsChosenAgain(t *testing.T) {
	t.Parallel()
	attempts := filepath.Join(t.TempDir(), "attempts")
	binary := script(t, "echo x >> "+attempts+"; echo 'listen tcp: bind: address already in use'; exit 1")

	_, err := Start(t.Context(), Options{Binary: binary, Headless: true})
	require.ErrorContains(t, err, "did not start in 5 attempts")
	made, err := os.ReadFile(attempts)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x\n", portAttempts), string(made))
}

func TestACancelledStartLeavesNoProcess(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	// The shell alone: another process of the group might take longer to go.
	binary := script(t, "echo $$ > "+pidFile+"; exec sleep 600")
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := Start(ctx, Options{Binary: binary, Headless: true})
		failed <- err
	}()
	var pid int
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(pidFile)
		if err != nil {
			return false
		}
		_, err = fmt.Sscan(string(content), &pid)
		return err == nil
	}, 10*time.Second, poll)

	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.ErrorIs(t, syscall.Kill(-pid, 0), syscall.ESRCH)
}

func TestTheServerIsNotGivenOurCredentials(t *testing.T) {
	t.Setenv("HELLO_CHARLES_API_KEY", "secret")
	t.Setenv("TEMPORAL_ADDRESS", "elsewhere:7233")
	binary := script(t, "env; exit 1")

	_, err := Start(t.Context(), Options{Binary: binary, Headless: true})
	require.ErrorContains(t, err, "PATH=")
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "elsewhere")
}

func TestStartRefusesAnAddressThatOthersCouldReach(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:7233", "192.0.2.1:0", "temporal:7233", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"} {
		_, err := Start(t.Context(), Options{Binary: "unused", Headless: true, Address: address})
		require.Error(t, err, address)
	}
}

// starter runs another process that starts a server and returns the server's
// address, and how to kill that process, which happens at the end of the test at
// the latest.
func starter(t *testing.T, dir string, variables ...string) (address string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self) //nolint:noctx // Killed below.
	command.Env = append(append(os.Environ(), starterVariable+"="+dir), variables...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	kill = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(func() {
		kill()
		if dir == "-" {
			return
		}
		claimed, err := claimStateDir(dir)
		if err != nil {
			return
		}
		defer claimed.release()
		if left, err := claimed.adopt(context.Background(), Options{Namespace: "default", Headless: true, Address: "127.0.0.1:0"}); err == nil && left != nil {
			_ = left.process.stop()
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), kill
}

func listening(t *testing.T, address string) bool {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

// listen takes a port for the time of the test.
func listen(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}
