package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"audiencesync/internal/devserver/child"
)

// Command says which program is run and how.
type Command struct {
	// Name names the program in errors, and its log files.
	Name string
	Path string
	Args []string
	// Env is the whole environment of the program.
	Env []string
	// Logs is the folder of the files that get the program's output:
	// NAME.stdout and NAME.stderr. A second program of the same name adds to them.
	Logs string
}

// Program is a running program. Its owner calls Stop or Wait.
type Program struct {
	name    string
	command *exec.Cmd
	// stdout and stderr are the paths of its logs.
	stdout string
	stderr string
	// ended is closed when the process is gone.
	ended <-chan struct{}
}

// Start starts the program in a process group of its own, so that signals to
// this process do not reach it. On Linux it is asked to end, as by Stop, when
// this process ends in whatever way: then it can take along what it has started.
func Start(c Command) (*Program, error) {
	stdout, err := openLog(c, "stdout")
	if err != nil {
		return nil, err
	}
	defer func() { _ = stdout.Close() }() // The program has a descriptor of its own.
	stderr, err := openLog(c, "stderr")
	if err != nil {
		return nil, err
	}
	defer func() { _ = stderr.Close() }()
	command := exec.Command(c.Path, c.Args...) //nolint:noctx // Its owner stops it.
	command.Env = c.Env
	command.Stdout, command.Stderr = stdout, stderr
	ended, err := child.Start(command, syscall.SIGTERM)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	return &Program{name: c.Name, command: command, stdout: stdout.Name(), stderr: stderr.Name(), ended: ended}, nil
}

func openLog(c Command, stream string) (*os.File, error) {
	path := filepath.Join(c.Logs, c.Name+"."+stream)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", c.Name, err)
	}
	return file, nil
}

// PID is the process number, and the number of its process group.
func (p *Program) PID() int { return p.command.Process.Pid }

// Ended is closed when the process is gone.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Signal sends a signal to the process alone, not to its group.
func (p *Program) Signal(signal os.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal to %s: %w", p.name, err)
	}
	return nil
}

// Wait waits until the process is gone and returns its exit code, -1 when a
// signal ended it.
func (p *Program) Wait(ctx context.Context) (code int, err error) {
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s is still running: %w", p.name, ctx.Err())
	}
}

// Kill ends the process at once, as the kernel or an operator with kill -9
// would, and returns when it is gone.
func (p *Program) Kill() {
	_ = p.command.Process.Kill() // It may be gone already.
	<-p.ended
}

// Stop asks the process to end, as Ctrl-C or an init system would, and returns
// its exit code. A process that is still there after the time is killed with
// its whole group, and that is an error.
func (p *Program) Stop(within time.Duration) (code int, err error) {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode(), nil
	case <-time.After(within):
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // The group may be gone meanwhile.
		<-p.ended
		return 0, fmt.Errorf("%s did not stop within %s", p.name, within)
	}
}

// Stdout is what the program has written to stdout.
func (p *Program) Stdout() string { return contentOf(p.stdout) }

// Stderr is what the program has written to stderr.
func (p *Program) Stderr() string { return contentOf(p.stderr) }

func contentOf(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return strings.ToValidUTF8(string(content), "?")
}
