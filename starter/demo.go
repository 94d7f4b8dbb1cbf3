package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"audiencesync/examples"
	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
)

// demoFlags say how large the demo is.
type demoFlags struct {
	members int64
	seed    uint64
	keep    bool
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	command := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole job on this machine: simulated vendors, Temporal, a worker, one sync",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), f)
		},
	}
	flags := command.Flags()
	flags.Int64Var(&f.members, "members", 100_000, "size of the audience")
	flags.Uint64Var(&f.seed, "seed", 1, "decides who the members are")
	flags.BoolVar(&f.keep, "keep", false, "keep everything running after the sync, until Ctrl-C")
	return command
}

// demo starts the simulators and "up" as processes of their own, as an
// operator would, runs the demo's sync and stops everything again.
func (a *app) demo(ctx context.Context, f demoFlags) (err error) {
	d, err := newDemo(ctx, a)
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.start(ctx, f); err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	a.say("Temporal's web UI: %s/namespaces/default/workflows", d.ui)
	a.say("Syncing %s members of a simulated Zeotap audience into a simulated Hello Charles:\n", audience.Thousands(f.members))
	err = d.sync(ctx)
	if f.keep && ctx.Err() == nil {
		a.say("\nEverything keeps running until Ctrl-C. Web UI: %s", d.ui)
		<-ctx.Done()
	}
	return err
}

// demo is the set of processes of one demo, with their files.
type demo struct {
	app       *app
	dir       string
	program   string
	zeotap    string
	charles   string
	temporal  string
	uiPort    string
	ui        string
	processes []*exec.Cmd
}

func newDemo(ctx context.Context, a *app) (*demo, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "audiencesync-demo-")
	if err != nil {
		return nil, err
	}
	d := &demo{app: a, dir: dir, program: program}
	for _, port := range []struct {
		to    *string
		usual string
	}{{&d.zeotap, "7401"}, {&d.charles, "7402"}, {&d.temporal, "7233"}, {&d.uiPort, "8233"}} {
		if *port.to, err = loopback(ctx, port.usual); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	_, d.uiPort, _ = strings.Cut(d.uiPort, ":")
	d.ui = "http://127.0.0.1:" + d.uiPort
	if err := d.writeFiles(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return d, nil
}

// loopback returns the usual port when it is free, or another one.
func loopback(ctx context.Context, usual string) (string, error) {
	var last error
	for _, port := range []string{usual, "0"} {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:"+port)
		if err != nil {
			last = err
			continue
		}
		return listener.Addr().String(), listener.Close()
	}
	return "", last
}

// writeFiles writes the demo's example files, with the addresses in use.
func (d *demo) writeFiles() error {
	for _, name := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := examples.Demo.ReadFile("demo/" + name)
		if err != nil {
			return err
		}
		text := strings.NewReplacer("127.0.0.1:7401", d.zeotap, "127.0.0.1:7402", d.charles).Replace(string(content))
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const startTimeout = 90 * time.Second

func (d *demo) start(ctx context.Context, f demoFlags) error {
	d.app.say("Starting the simulators of Zeotap (http://%s) and Hello Charles (http://%s)", d.zeotap, d.charles)
	err := d.process(ctx, "simulate", "--zeotap", d.zeotap, "--charles", d.charles,
		"--members", strconv.FormatInt(f.members, 10), "--seed", strconv.FormatUint(f.seed, 10))
	if err != nil {
		return err
	}
	metrics, err := loopback(ctx, "9090")
	if err != nil {
		return err
	}
	d.app.say("Starting Temporal and a worker")
	err = d.process(ctx, "up", "--dir", filepath.Join(d.dir, "state"), "--connections", filepath.Join(d.dir, "connections.yaml"),
		"--temporal", d.temporal, "--ui-port", d.uiPort, "--listen", metrics, "--log-level", "warn")
	if err != nil {
		return err
	}
	for _, url := range []string{"http://" + d.charles + "/_sim/stats", "http://" + metrics + "/readyz"} {
		if err := awaitOK(ctx, url); err != nil {
			return fmt.Errorf("%w\n%s", err, d.logs())
		}
	}
	return nil
}

// process starts this program again, in a process group of its own, so that
// Ctrl-C reaches the demo alone, which then stops it in order.
func (d *demo) process(ctx context.Context, verb string, args ...string) error {
	log, err := os.Create(filepath.Join(d.dir, verb+".log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	command := exec.CommandContext(context.WithoutCancel(ctx), d.program, append([]string{verb}, args...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", verb, err)
	}
	d.processes = append(d.processes, command)
	return nil
}

func awaitOK(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		reply, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer within %s", url, startTimeout)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *demo) sync(ctx context.Context) error {
	spec, err := loadSync(filepath.Join(d.dir, "sync.yaml"))
	if err != nil {
		return err
	}
	c, err := temporalclient.Dial(ctx, temporalclient.Options{Address: d.temporal, Namespace: "default", Logger: quiet()})
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	defer c.Close()
	return d.app.runSync(ctx, c, spec)
}

// logs returns the last lines that the processes wrote.
func (d *demo) logs() string {
	var all strings.Builder
	for _, verb := range []string{"simulate", "up"} {
		content, err := os.ReadFile(filepath.Join(d.dir, verb+".log"))
		if err != nil || len(content) == 0 {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(content)), "\n")
		fmt.Fprintf(&all, "%s said:\n  %s\n", verb, strings.Join(lines[max(0, len(lines)-8):], "\n  "))
	}
	return all.String()
}

// stop ends the processes, the last one first, and removes their files.
func (d *demo) stop() error {
	var errs []error
	for _, process := range slices.Backward(d.processes) {

		if err := process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
			continue
		}
		kill := time.AfterFunc(30*time.Second, func() { _ = process.Process.Kill() })
		_ = process.Wait()
		kill.Stop()
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}
