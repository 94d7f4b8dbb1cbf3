package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"audiencesync/examples"
	"audiencesync/internal/devserver"
	"audiencesync/test/endtoend/programs"
)

const (
	startTimeout = 90 * time.Second
	stopTimeout  = 75 * time.Second
	// rate is more than the machine can send, so that the sync is as fast as
	// the machine.
	rate = "200"
)

// stage is everything that a sync needs, as processes of their own.
type stage struct {
	dir      string
	programs programs.Built
	progress io.Writer

	server  *devserver.Server
	running []*programs.Program
	worker  *programs.Program
}

// newStage builds the programs.
func newStage(ctx context.Context, progress io.Writer) (*stage, error) {
	dir, err := os.MkdirTemp("", "audiencesync-memory-")
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

// start starts the vendors, Temporal and the worker.
func (s *stage) start(ctx context.Context, members int64) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.say("starting the simulators, Temporal and the worker")
	var zeotap, charles, health string
	for _, address := range []*string{&zeotap, &charles, &health} {
		var err error
		if *address, err = programs.FreeAddress(ctx); err != nil {
			return err
		}
	}
	if err := s.writeSettings(zeotap, charles); err != nil {
		return err
	}
	simulators, err := s.program("simulate", s.programs.AudienceSync, "simulate",
		"--zeotap", zeotap, "--charles", charles, "--members", strconv.FormatInt(members, 10))
	if err != nil {
		return err
	}
	if s.server, err = devserver.Start(ctx, devserver.Options{Headless: true}); err != nil {
		return err
	}
	if s.worker, err = s.program("worker", s.programs.Worker, "--address", s.server.Address(), "--listen", health,
		"--connections", s.file("connections.yaml"), "--ledger", "sqlite:"+s.file("ledger.db"), "--log-level", "warn"); err != nil {
		return err
	}
	return errors.Join(
		simulators.AwaitOK(ctx, "http://"+charles+"/_sim/stats"),
		s.worker.AwaitOK(ctx, "http://"+health+"/readyz"))
}

// writeSettings writes the demo's files with the addresses in use.
func (s *stage) writeSettings(zeotap, charles string) error {
	edit := strings.NewReplacer("127.0.0.1:7401", zeotap, "127.0.0.1:7402", charles,
		"requests_per_second: 20", "requests_per_second: "+rate)
	for _, name := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := examples.Demo.ReadFile("demo/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.file(name), []byte(edit.Replace(string(content))), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) file(name string) string { return filepath.Join(s.dir, name) }

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
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
