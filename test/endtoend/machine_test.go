package endtoend

import (
	"path/filepath"
	"testing"

	"audiencesync/test/endtoend/programs"
)

// machine is "audiencesync up": Temporal and a worker on one machine, with
// their state in a folder.
type machine struct {
	settings
	program *programs.Program
	dir     string
	address string
	ui      string
}

// up starts the machine and returns when it can work. The folder is that of an
// earlier machine, or empty for a new one.
func up(t *testing.T, s settings, dir string) machine {
	t.Helper()
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "state")
	}
	m := machine{settings: s, dir: dir, address: freeAddress(t), ui: freeAddress(t)}
	listen := freeAddress(t)
	m.program = start(t, programs.Command{Name: "up", Path: built.AudienceSync, Args: []string{
		"up", "--dir", dir, "--connections", s.connections,
		"--temporal", m.address, "--ui-port", portOf(t, m.ui), "--listen", listen,
	}})
	awaitOK(t, m.program, "http://"+listen+"/readyz")
	return m
}

func (m machine) do(t *testing.T, args ...string) result {
	t.Helper()
	return audiencesync(t, append(args, "--address", m.address)...)
}

func (m machine) start(t *testing.T, args ...string) *programs.Program {
	t.Helper()
	return start(t, programs.Command{Name: "audiencesync-" + args[0], Path: built.AudienceSync, Args: append(args, "--address", m.address)})
}
