package devserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"audiencesync/internal/devserver/child"
)

// process is the server's process, a child or an adopted one. Its group has the
// same number.
type process struct {
	pid  int
	gone func() bool
}

// poll is the time between two looks at a process or a server.
const poll = 20 * time.Millisecond

// onOurEnd is what a server gets when this process ends in whatever way, on Linux.
// Its database survives that: SQLite takes back what was not committed. Tests of what
// happens elsewhere let the server live on.
var onOurEnd = syscall.SIGKILL

// startChild starts the command in a process group of its own. With a state
// folder the child holds the folder's server lock for as long as it lives.
func startChild(command *exec.Cmd, dir *stateDir) (process, error) {
	if dir != nil {
		lock, err := dir.takeServerLock()
		if err != nil {
			return process{}, err
		}
		// The child has a descriptor of its own; when ours closes, the lock is
		// the child's alone.
		defer func() { _ = lock.Close() }()
		command.ExtraFiles = []*os.File{lock}
	}
	exited, err := child.Start(command, onOurEnd)
	if err != nil {
		return process{}, err
	}
	return process{
		pid: command.Process.Pid,
		gone: func() bool {
			select {
			case <-exited:
				return true
			default:
				return false
			}
		},
	}, nil
}

// stop ends the process group, first politely.
func (p process) stop() error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if p.gone() {
			return nil
		}
		if err := syscall.Kill(-p.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping the Temporal server (process %d): %w", p.pid, err)
		}
		if p.awaitEnd(stopTimeout) {
			return nil
		}
	}
	return fmt.Errorf("the Temporal server (process %d) is still there after SIGKILL", p.pid)
}

// awaitEnd reports whether the process is gone within the time.
func (p process) awaitEnd(within time.Duration) bool {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	deadline := time.After(within)
	for !p.gone() {
		select {
		case <-ticker.C:
		case <-deadline:
			return p.gone()
		}
	}
	return true
}
