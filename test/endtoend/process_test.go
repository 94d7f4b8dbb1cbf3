package endtoend

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver"
	"audiencesync/test/endtoend/programs"
)

// Bounds of waiting. They are generous: the machine may be busy.
const (
	startWithin = 90 * time.Second
	stopWithin  = 75 * time.Second
	runWithin   = 3 * time.Minute
	poll        = 50 * time.Millisecond
)

// environment is what every program gets: nothing of ours that could change
// its mind, and no home with settings.
func environment(dir string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"TMPDIR=" + os.TempDir(),
		devserver.CLIVariable + "=" + built.temporal,
		"GORACE=halt_on_error=1",
	}
}

// start starts a program and stops it at the end of the test. A test that fails
// shows what its programs wrote.
func start(t *testing.T, command programs.Command) *programs.Program {
	t.Helper()
	if command.Logs == "" {
		command.Logs = t.TempDir()
	}
	if command.Env == nil {
		command.Env = environment(command.Logs)
	}
	p, err := programs.Start(command)
	require.NoError(t, err)
	t.Cleanup(func() {
		if _, err := p.Stop(stopWithin); err != nil {
			t.Error(err)
		}
		if strings.Contains(p.Stderr(), "DATA RACE") {
			t.Errorf("%s has a data race", command.Name)
		}
		if t.Failed() {
			t.Logf("%s %s\n%s%s", command.Name, strings.Join(command.Args, " "),
				ending(filepath.Join(command.Logs, command.Name+".stdout")), ending(filepath.Join(command.Logs, command.Name+".stderr")))
		}
	})
	return p
}

// ending is the last lines of a log.
func ending(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	lines = lines[max(0, len(lines)-40):]
	return fmt.Sprintf("--- %s\n%s\n", filepath.Base(path), strings.Join(lines, "\n"))
}

// result is what a program that came to its end left.
type result struct {
	code   int
	stdout string
	stderr string
}

// audiencesync runs the command line to its end.
func audiencesync(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, start(t, programs.Command{Name: "audiencesync-" + args[0], Path: built.AudienceSync, Args: args}))
}

// finish waits for the end of a program.
func finish(t *testing.T, p *programs.Program) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runWithin)
	defer cancel()
	code, err := p.Wait(ctx)
	require.NoError(t, err)
	return result{code: code, stdout: p.Stdout(), stderr: p.Stderr()}
}

// awaitOK waits until the program answers at url.
func awaitOK(t *testing.T, p *programs.Program, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	require.NoError(t, p.AwaitOK(ctx, url))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := programs.FreeAddress(t.Context())
	require.NoError(t, err)
	return address
}

// requireGone makes sure that neither the process nor one of its group is left.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "process %d is still there", pid)
	require.ErrorIs(t, syscall.Kill(-pid, 0), syscall.ESRCH, "a process of group %d is still there", pid)
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return port
}
