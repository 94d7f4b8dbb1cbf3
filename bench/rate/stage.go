package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"audiencesync/internal/devserver"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
)

const (
	startTimeout = 90 * time.Second
	stopTimeout  = 75 * time.Second
	zeotapKey    = simulator.DefaultKey
)

// stage is everything that the syncs need: both vendors in this process, with
// the gate, and the rest as processes of their own.
type stage struct {
	dir      string
	programs programs.Built
	progress io.Writer

	gate    *gate
	vendors []*http.Server
	server  *devserver.Server
	running []*programs.Program
	workers []*programs.Program
}

// newStage builds the programs.
func newStage(ctx context.Context, progress io.Writer) (*stage, error) {
	dir, err := os.MkdirTemp("", "audiencesync-rate-")
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir, progress: progress}
	s.say("building")
	if s.programs, err = programs.Build(ctx, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *stage) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.progress, format+"\n", args...)
}

func (s *stage) file(name string) string { return filepath.Join(s.dir, name) }

// start starts the vendors, Temporal and the workers.
func (s *stage) start(ctx context.Context, members int64) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.say("starting the simulators, Temporal and %d workers", workers)
	vendors := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Key: zeotapKey}})
	s.gate = newGate(vendors.CharlesHandler(), burst, reading)
	zeotap, err := s.serve(ctx, vendors.ZeotapHandler())
	if err != nil {
		return err
	}
	charles, err := s.serve(ctx, s.gate)
	if err != nil {
		return err
	}
	if err := s.writeSettings(zeotap, charles); err != nil {
		return err
	}
	if s.server, err = devserver.Start(ctx, devserver.Options{Headless: true}); err != nil {
		return err
	}
	for n := range workers {
		if err := s.startWorker(ctx, fmt.Sprintf("worker-%d", n)); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	s.vendors = append(s.vendors, server)
	go func() { _ = server.Serve(listener) }() // It ends when stop closes it.
	return listener.Addr().String(), nil
}

func (s *stage) startWorker(ctx context.Context, name string) error {
	health, err := programs.FreeAddress(ctx)
	if err != nil {
		return err
	}
	p, err := s.program(name, s.programs.Worker, "--address", s.server.Address(), "--listen", health,
		"--connections", s.file(name+".yaml"), "--ledger", s.ledger(), "--log-level", "warn")
	if err != nil {
		return err
	}
	s.workers = append(s.workers, p)
	return p.AwaitOK(ctx, "http://"+health+"/readyz")
}

func (s *stage) ledger() string { return "sqlite:" + s.file("ledger.db") }

// program starts a program that stop will stop. It gets nothing of our
// environment that could lead it elsewhere.
func (s *stage) program(name, path string, args ...string) (*programs.Program, error) {
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

// stop stops everything, the last one first, and removes its files.
func (s *stage) stop() error {
	var errs []error
	for _, p := range slices.Backward(s.running) {
		_, err := p.Stop(stopTimeout)
		errs = append(errs, err)
	}
	if s.server != nil {
		errs = append(errs, s.server.Stop())
	}
	for _, vendor := range s.vendors {
		errs = append(errs, vendor.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
