package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/internal/devserver"
	"audiencesync/internal/simulator"
	"audiencesync/internal/telemetry"
	"audiencesync/test/endtoend/programs"
)

// Bounds of waiting. They are generous: the machine may be busy.
const (
	startWithin = 90 * time.Second
	stopWithin  = 75 * time.Second
	runWithin   = 2 * time.Minute
	lookEvery   = 3 * time.Millisecond
)

// heartbeatTimeout makes the death of a worker cheap.
const heartbeatTimeout = "4s"

// site is what all rounds share: the programs, Temporal with its state in a file, and
// the fronts of the vendors.
type site struct {
	dir      string
	programs programs.Built
	cli      string
	progress io.Writer

	address  string // of Temporal
	temporal *programs.Program
	client   client.Client
	zeotap   *front
	charles  *front
	postgres *postgres // nil where it is not installed
}

// newSite builds the programs, with these flags of go build, and starts what all
// rounds need.
func newSite(ctx context.Context, progress io.Writer, flags ...string) (*site, error) {
	dir, err := os.MkdirTemp("", "audiencesync-chaos-")
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir, progress: progress}
	if err := s.start(ctx, flags); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *site) start(ctx context.Context, flags []string) (err error) {
	_, _ = fmt.Fprintln(s.progress, "building")
	if s.programs, err = programs.Build(ctx, s.dir, flags...); err != nil {
		return err
	}
	if s.cli, err = devserver.Find(ctx); err != nil {
		return err
	}
	if s.zeotap, err = newFront(ctx); err != nil {
		return err
	}
	if s.charles, err = newFront(ctx); err != nil {
		return err
	}
	if s.postgres, err = newPostgres(ctx); err != nil {
		return err
	}
	if s.postgres == nil {
		_, _ = fmt.Fprintln(s.progress, "PostgreSQL is not installed: instead of its death, ledgers in a file are locked for a while")
	}
	if s.address, err = programs.FreeAddress(ctx); err != nil {
		return err
	}
	if err := s.startTemporal(ctx); err != nil {
		return err
	}
	s.client, err = client.DialContext(ctx, client.Options{HostPort: s.address, Logger: telemetry.TemporalLogger(zap.NewNop())})
	return err
}

// stop stops everything, and removes its files.
func (s *site) stop() error {
	var errs []error
	if s.client != nil {
		s.client.Close()
	}
	if s.temporal != nil {
		_, err := s.temporal.Stop(stopWithin)
		errs = append(errs, err)
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.close())
	}
	for _, f := range []*front{s.zeotap, s.charles} {
		if f != nil {
			errs = append(errs, f.cut())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// environment is what every program gets: nothing of ours that could lead it elsewhere.
func (s *site) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(), "GORACE=halt_on_error=1"}
}

func (s *site) file(name string) string { return filepath.Join(s.dir, name) }

// program starts a program. Its owner stops it.
func (s *site) program(name, path string, args ...string) (*programs.Program, error) {
	return programs.Start(programs.Command{Name: name, Path: path, Args: args, Logs: s.dir, Env: s.environment()})
}

// cutVendors cuts both vendors off for a while.
func (s *site) cutVendors(ctx context.Context, away time.Duration) error {
	if err := errors.Join(s.zeotap.cut(), s.charles.cut()); err != nil {
		return err
	}
	if err := pass(ctx, away); err != nil {
		return err
	}
	return errors.Join(s.zeotap.start(ctx), s.charles.start(ctx))
}

// stand puts the fronts before the vendors of a round.
func (s *site) stand(vendors *simulator.Simulator, trap *trap) {
	s.zeotap.stand(vendors.ZeotapHandler(), trap)
	s.charles.stand(vendors.CharlesHandler(), trap)
}

// retire ends a round at the vendors: whoever still asks finds nobody.
func (s *site) retire(trap *trap) {
	trap.release(true)
	s.zeotap.stand(http.NotFoundHandler(), nil)
	s.charles.stand(http.NotFoundHandler(), nil)
}

// pass waits for a time.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
