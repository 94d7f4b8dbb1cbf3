// Package stage is where benchmarks play: the built programs and a Temporal
// server, as processes of their own in a folder of their own.
package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"audiencesync/internal/devserver"
	"audiencesync/test/endtoend/programs"
)

// stopTimeout is longer than a worker takes to finish its requests.
const stopTimeout = 75 * time.Second

// Ledger is the name of the stage's ledger, in its folder.
const Ledger = "ledger.db"

// Stage holds what a benchmark has started.
type Stage struct {
	Programs programs.Built
	Server   *devserver.Server

	dir      string
	progress io.Writer
	through  string // where programs reach Temporal; empty: at the server
	running  []*programs.Program
	vendors  []*http.Server
	runs     int // started by Run
}

// New builds the programs. What is done is told to progress.
func New(ctx context.Context, name string, progress io.Writer) (*Stage, error) {
	dir, err := os.MkdirTemp("", "audiencesync-"+name+"-")
	if err != nil {
		return nil, err
	}
	s := &Stage{dir: dir, progress: progress}
	s.Say("building")
	if s.Programs, err = programs.Build(ctx, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Say tells what is being done.
func (s *Stage) Say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.progress, format+"\n", args...)
}

// File is the path of a file in the stage's folder.
func (s *Stage) File(name string) string { return filepath.Join(s.dir, name) }

// StartServer starts the Temporal server.
func (s *Stage) StartServer(ctx context.Context) (err error) {
	s.Server, err = devserver.Start(ctx, devserver.Options{Headless: true})
	return err
}

// Through lets the programs that are started from now on reach Temporal at another
// address than the server's.
func (s *Stage) Through(address string) { s.through = address }

// Temporal is the address at which programs reach Temporal.
func (s *Stage) Temporal() string { return cmp.Or(s.through, s.Server.Address()) }

// Program starts a program that Stop will stop. It gets nothing of our
// environment that could lead it elsewhere.
func (s *Stage) Program(name, path string, args ...string) (*programs.Program, error) {
	p, err := programs.Start(programs.Command{
		Name: name, Path: path, Args: args, Logs: s.dir,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir()},
	})
	if err != nil {
		return nil, err
	}
	s.running = append(s.running, p)
	return p, nil
}

// Worker starts a worker with the connections file and the stage's ledger, and
// returns it when it is ready.
func (s *Stage) Worker(ctx context.Context, name, connections string) (*programs.Program, error) {
	health, err := programs.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Program(name, s.Programs.Worker, "--address", s.Temporal(), "--listen", health,
		"--connections", s.File(connections), "--ledger", "sqlite:"+s.File(Ledger), "--log-level", "warn")
	if err != nil {
		return nil, err
	}
	err = p.AwaitOK(ctx, "http://"+health+"/readyz")
	return p, err
}

// Stop stops everything, the last one first and the vendors last, as workers
// finish their requests, and removes its files.
func (s *Stage) Stop() error {
	var errs []error
	for _, p := range slices.Backward(s.running) {
		_, err := p.Stop(stopTimeout)
		errs = append(errs, err)
	}
	if s.Server != nil {
		errs = append(errs, s.Server.Stop())
	}
	for _, vendor := range s.vendors {
		errs = append(errs, vendor.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
