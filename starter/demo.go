package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/examples"
	"audiencesync/internal/audience"
	"audiencesync/internal/telemetry"
	"audiencesync/workflows"
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
		Args:  noArguments,
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
	if f.members < 0 {
		return usage("--members %d: write a number of members", f.members)
	}
	d, err := newDemo(ctx, a)
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.start(ctx, f); err != nil {
		return d.interruptedOr(ctx, &exitError{code: exitFailed, err: err})
	}
	a.say("Temporal's web UI: %s/namespaces/default/workflows", d.ui)
	a.say("Syncing %s members of a simulated Zeotap audience into a simulated Hello Charles:\n", audience.Thousands(f.members))
	err = d.sync(ctx)
	if f.keep && ctx.Err() == nil {
		a.say("\nEverything keeps running until Ctrl-C. Web UI: %s", d.ui)
		<-ctx.Done()
		return err
	}
	return d.interruptedOr(ctx, err)
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
	processes []*demoProcess
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

// interruptedOr returns err, unless Ctrl-C came: then nothing failed.
func (d *demo) interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	d.app.say("Stopping the demo; nothing of it stays.")
	return &exitError{code: exitInterrupted}
}

func (d *demo) start(ctx context.Context, f demoFlags) error {
	d.app.say("Starting the simulators of Zeotap (http://%s) and Hello Charles (http://%s)", d.zeotap, d.charles)
	simulators, err := d.process(ctx, "simulate", "--zeotap", d.zeotap, "--charles", d.charles,
		"--members", strconv.FormatInt(f.members, 10), "--seed", strconv.FormatUint(f.seed, 10))
	if err != nil {
		return err
	}
	metrics, err := loopback(ctx, "9090")
	if err != nil {
		return err
	}
	d.app.say("Starting Temporal and a worker")
	up, err := d.process(ctx, "up", "--dir", filepath.Join(d.dir, "state"), "--connections", filepath.Join(d.dir, "connections.yaml"),
		"--temporal", d.temporal, "--ui-port", d.uiPort, "--listen", metrics, "--log-level", "warn")
	if err != nil {
		return err
	}
	if err := simulators.awaitOK(ctx, "http://"+d.charles+"/_sim/stats"); err != nil {
		return err
	}
	return up.awaitOK(ctx, "http://"+metrics+"/readyz")
}

func (d *demo) sync(ctx context.Context) error {
	spec, err := loadSync(filepath.Join(d.dir, "sync.yaml"))
	if err != nil {
		return err
	}
	c, err := dialLocal(ctx, client.Options{HostPort: d.temporal, Logger: telemetry.TemporalLogger(quiet())})
	if err != nil {
		return failed(spec.Sync, err)
	}
	defer c.Close()
	return d.app.runSync(ctx, c, workflows.AudienceSyncInput{Spec: spec})
}
