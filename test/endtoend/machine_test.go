package endtoend

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/test/endtoend/programs"
)

// machine is "audiencesync up": Temporal and a worker on one machine, with
// their state in a folder.
type machine struct {
	settings
	dir     string
	address string
	ui      string
	listen  string
	program *programs.Program
}

// up starts a new machine and returns when it can work. Variables are added to
// its environment.
func up(t *testing.T, s settings, variables ...string) machine {
	t.Helper()
	m := machine{
		settings: s, dir: filepath.Join(t.TempDir(), "state"),
		address: freeAddress(t), ui: freeAddress(t), listen: freeAddress(t),
	}
	return m.up(t, variables...)
}

// up starts the machine, with the state that it may have from before.
func (m machine) up(t *testing.T, variables ...string) machine {
	t.Helper()
	logs := t.TempDir()
	t.Cleanup(func() { m.killServer(t) }) // Comes after the end of the program.
	m.program = start(t, programs.Command{
		Name: "up", Path: built.AudienceSync, Logs: logs, Env: append(environment(logs), variables...),
		Args: []string{
			"up", "--dir", m.dir, "--connections", m.connections,
			"--temporal", m.address, "--ui-port", portOf(t, m.ui), "--listen", m.listen,
		},
	})
	awaitOK(t, m.program, "http://"+m.listen+"/readyz")
	return m
}

// do runs a command that talks to the machine's Temporal server to its end.
func (m machine) do(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, m.start(t, args...))
}

// start starts such a command.
func (m machine) start(t *testing.T, args ...string) *programs.Program {
	t.Helper()
	return start(t, programs.Command{Name: "audiencesync-" + args[0], Path: built.AudienceSync, Args: append(args, "--address", m.address)})
}

// serverPID is the process of the machine's Temporal server.
func (m machine) serverPID(t *testing.T) int {
	t.Helper()
	pid, running := m.server(t)
	require.True(t, running, "the machine's Temporal server should be running")
	return pid
}

// server is the process that the machine has noted as its Temporal server.
func (m machine) server(t *testing.T) (pid int, running bool) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.dir, "temporal.json"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, false
	}
	require.NoError(t, err)
	var state struct {
		PID int `json:"pid"`
	}
	require.NoError(t, json.Unmarshal(content, &state))
	return state.PID, syscall.Kill(state.PID, 0) == nil
}

// killServer ends a Temporal server that the machine has left behind.
func (m machine) killServer(t *testing.T) {
	t.Helper()
	if pid, running := m.server(t); running {
		t.Errorf("the machine left its Temporal server behind, process %d", pid)
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}
