package programs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// note is the file that says that a program was asked to end.
const note = "asked"

// Variables that make this test binary another program.
const (
	// parentVariable: one that starts another one as below, prints its address
	// when it answers, and waits. It holds the folder of the other one's files.
	parentVariable = "PROGRAMS_TEST_PARENT"
	// childVariable: one that answers at the address until it is asked to end,
	// and then notes that it was, in its working directory.
	childVariable = "PROGRAMS_TEST_CHILD"
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(parentVariable) != "":
		err = parent(os.Getenv(parentVariable))
	case os.Getenv(childVariable) != "":
		err = answer(os.Getenv(childVariable))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parent(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	address, err := FreeAddress(context.Background())
	if err != nil {
		return err
	}
	p, err := Start(Command{Name: "child", Path: self, Logs: dir, Env: []string{childVariable + "=" + address}})
	if err != nil {
		return err
	}
	if err := p.AwaitOK(context.Background(), "http://"+address); err != nil {
		return err
	}
	fmt.Println(address)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func answer(address string) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() {
		select {
		case <-asked:
			_ = os.WriteFile(note, nil, 0o600)
		case <-time.After(5 * time.Minute): // Nobody is left to stop it when the test fails.
		}
		_ = server.Close()
	}()
	err := server.ListenAndServe()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func TestAProgramIsAskedToEndWhenItsStarterIsKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can tie a process to its parent")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	starter := exec.CommandContext(t.Context(), self)
	starter.Dir, starter.Env, starter.Stderr = dir, append(os.Environ(), parentVariable+"="+dir), os.Stderr
	stdin, err := starter.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := starter.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, starter.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address := strings.TrimSpace(line)

	require.NoError(t, starter.Process.Kill())
	require.Error(t, starter.Wait())
	require.Eventually(t, func() bool { return !listening(t, address) }, time.Minute, poll, "the program outlives its starter")
	require.FileExists(t, filepath.Join(dir, note), "the program had no time to stop what it has started")
}

func listening(t *testing.T, address string) bool {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
