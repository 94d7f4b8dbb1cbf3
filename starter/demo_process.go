package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"audiencesync/internal/devserver/child"
)

const (
	// startTimeout bounds the time until a process of the demo answers.
	startTimeout = 90 * time.Second
	// endTimeout is the time between SIGTERM and SIGKILL: more than a worker
	// and a Temporal server take together.
	endTimeout = 80 * time.Second
)

// demoProcess is this program, started again with another verb.
type demoProcess struct {
	verb    string
	command *exec.Cmd
	log     string
	// ended is closed when the process is gone.
	ended <-chan struct{}
}

// process starts this program again, in a process group of its own, so that
// Ctrl-C reaches the demo alone, which then stops it in order. If the demo is killed
// the process stops too, on Linux.
func (d *demo) process(ctx context.Context, verb string, args ...string) (*demoProcess, error) {
	p := &demoProcess{verb: verb, log: filepath.Join(d.dir, verb+".log")}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	p.command = exec.CommandContext(context.WithoutCancel(ctx), d.program, append([]string{verb}, args...)...)
	p.command.Stdout, p.command.Stderr = log, log
	if p.ended, err = child.Start(p.command, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("starting %s: %w", verb, err)
	}
	d.processes = append(d.processes, p)
	return p, nil
}

// awaitOK waits until the process answers at url.
func (p *demoProcess) awaitOK(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if answersOK(ctx, url) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return fmt.Errorf("%s ended before it answered%s", p.verb, p.said())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w%s", p.verb, url, ctx.Err(), p.said())
		}
	}
}

func answersOK(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return reply.Body.Close() == nil && reply.StatusCode == http.StatusOK
}

// said is the last lines that the process wrote.
func (p *demoProcess) said() string {
	content, err := os.ReadFile(p.log)
	text := strings.TrimSpace(string(content))
	if err != nil || text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return ":\n  " + strings.Join(lines[max(0, len(lines)-8):], "\n  ")
}

// stop ends the processes, the last one first, and removes their files.
func (d *demo) stop() error {
	var errs []error
	for _, process := range slices.Backward(d.processes) {
		errs = append(errs, process.stop())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

func (p *demoProcess) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.verb, err)
	}
	kill := time.AfterFunc(endTimeout, func() { _ = p.command.Process.Kill() })
	defer kill.Stop()
	<-p.ended
	return nil
}
