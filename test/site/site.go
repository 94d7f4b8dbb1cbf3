// Package site is what the tests share that run real processes and look at what becomes
// of a sync: the programs, a Temporal server with its state in a file, fronts of the
// vendors, PostgreSQL, people whom an audience holds, and what must be true of them in
// the end.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/internal/devserver"
	"audiencesync/internal/telemetry"
	"audiencesync/test/endtoend/programs"
)

// Bounds of waiting. They are generous: the machine may be busy.
const (
	startWithin = 90 * time.Second
	stopWithin  = 75 * time.Second
	// RunWithin is how long a run, or a command, may take.
	RunWithin = 4 * time.Minute
)

// Site is the programs and a Temporal server. Its owner stops it.
type Site struct {
	// Temporal is the server.
	Temporal *programs.Program
	// Address is that of Temporal, and Client speaks to its default namespace.
	Address string
	Client  client.Client

	dir      string
	programs programs.Built
	cli      string
}

// New builds the programs, with these flags of go build, and starts Temporal.
func New(ctx context.Context, progress io.Writer, flags ...string) (*Site, error) {
	dir, err := os.MkdirTemp("", "audiencesync-site-")
	if err != nil {
		return nil, err
	}
	s := &Site{dir: dir}
	if err := s.start(ctx, progress, flags); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Site) start(ctx context.Context, progress io.Writer, flags []string) (err error) {
	_, _ = fmt.Fprintln(progress, "building")
	if s.programs, err = programs.Build(ctx, s.dir, flags...); err != nil {
		return err
	}
	if s.cli, err = devserver.Find(ctx); err != nil {
		return err
	}
	if s.Address, err = programs.FreeAddress(ctx); err != nil {
		return err
	}
	if err := s.StartTemporal(ctx); err != nil {
		return err
	}
	s.Client, err = client.DialContext(ctx, client.Options{HostPort: s.Address, Logger: telemetry.TemporalLogger(zap.NewNop())})
	return err
}

// Stop stops everything, and removes its files.
func (s *Site) Stop() error {
	var errs []error
	if s.Client != nil {
		s.Client.Close()
	}
	if s.Temporal != nil {
		errs = append(errs, Stop(s.Temporal))
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// environment is what every program gets: nothing of ours that could lead it elsewhere.
func (s *Site) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(), "GORACE=halt_on_error=1"}
}

// File is the path of a file of the site.
func (s *Site) File(name string) string { return filepath.Join(s.dir, name) }

// program starts a program, with more of an environment. Its owner stops it.
func (s *Site) program(name, path string, environment []string, args ...string) (*programs.Program, error) {
	return programs.Start(programs.Command{
		Name: name, Path: path, Args: args, Logs: s.dir, Env: append(s.environment(), environment...),
	})
}

// Stop asks a program to end, and waits for that.
func Stop(p *programs.Program) error {
	_, err := p.Stop(stopWithin)
	return err
}

// Pass waits for a time.
func Pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Closed reports whether a channel is closed.
func Closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Ending is the end of a log.
func Ending(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
