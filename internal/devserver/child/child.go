// Package child starts processes that end with this one.
package child

import (
	"os/exec"
	"runtime"
	"syscall"
)

// LivesOn is the signal for a child that outlives this process.
const LivesOn syscall.Signal = 0

// Start starts the command in a process group of its own, so that signals to
// our group do not reach it. On Linux the child gets the signal when this
// process ends in whatever way, killed and panicking included.
//
// ended is closed when the child is gone; how it ended is in the command then.
func Start(command *exec.Cmd, onOurEnd syscall.Signal) (ended <-chan struct{}, err error) {
	return StartAs(command, onOurEnd, nil)
}

// StartAs is Start as another user, which only root may; nil is our own.
func StartAs(command *exec.Cmd, onOurEnd syscall.Signal, as *syscall.Credential) (ended <-chan struct{}, err error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	started, gone := make(chan error), make(chan struct{})
	go func() {
		defer close(gone)
		if onOurEnd != LivesOn {
			// The kernel ties the signal to the thread that starts the child, so
			// that thread must stay until the child is gone.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			onOurDeath(command.SysProcAttr, onOurEnd)
		}
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // How it ended is in the process state.
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return gone, nil
}
