// Command audiencesync-worker runs the workflows and activities of
// audiencesync. It connects to Temporal by its standard configuration
// (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS...,
// profiles) and needs the connections file and the ledger.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"audiencesync/internal/buildinfo"
	"audiencesync/internal/config"
	"audiencesync/internal/host"
	"audiencesync/internal/telemetry"
	"audiencesync/internal/temporalclient"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), host.StopSignals()...)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	os.Exit(codeOf(err))
}

// Exit codes are those of audiencesync.
const (
	exitFailed = 1
	exitUsage  = 2
)

// settingsError is a mistake in flags or files, which trying again does not mend.
type settingsError struct{ err error }

// Error implements error.
func (e *settingsError) Error() string { return e.err.Error() }

// Unwrap returns the mistake.
func (e *settingsError) Unwrap() error { return e.err }

func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if _, settings := errors.AsType[*settingsError](err); settings {
		return exitUsage
	}
	return exitFailed
}

type flags struct {
	connections, ledger, listen string
	failureKey                  string
	address, namespace          string
	deployment, buildID         string
	logLevel, logFormat         string
	activities                  int
	heartbeatTimeout            time.Duration
	showVersion                 bool
}

// parse reads the flags. It returns flag.ErrHelp after it has written the help.
func parse(args []string, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("audiencesync-worker", flag.ContinueOnError)
	set.SetOutput(io.Discard) // What is wrong is said once, at the end.
	set.StringVar(&f.connections, "connections", os.Getenv("AUDIENCESYNC_CONNECTIONS"), "connections `file` (or AUDIENCESYNC_CONNECTIONS)")
	// Not the default of the flag: help would show it, and it may hold a password.
	set.StringVar(&f.ledger, "ledger", "", "ledger `address`, sqlite:PATH or postgres://USER@HOST/DATABASE (or AUDIENCESYNC_LEDGER)")
	set.StringVar(&f.failureKey, "failure-key", os.Getenv("AUDIENCESYNC_FAILURE_KEY"),
		"where the `key` is that keeps the fields of failed members and of samples, encrypted: env:NAME or file:PATH from the current directory (or AUDIENCESYNC_FAILURE_KEY); without one they are not kept")
	set.StringVar(&f.listen, "listen", "127.0.0.1:9090", "`address` of /healthz, /readyz and /metrics")
	set.StringVar(&f.address, "address", "", "Temporal `host:port` (default TEMPORAL_ADDRESS, or 127.0.0.1:7233)")
	set.StringVar(&f.namespace, "namespace", "", "Temporal namespace (default TEMPORAL_NAMESPACE, or default)")
	set.StringVar(&f.deployment, "deployment", "",
		"`name` of the worker deployment in which Temporal keeps the builds of this worker apart; a new build takes no work until it is made current (docs/upgrades.md); without one all workers are alike")
	set.StringVar(&f.buildID, "build-id", "", "`name` of this build in its deployment (default "+buildIDVariable+", or the commit that the program was built from)")
	set.IntVar(&f.activities, "activities", 0, "activities at once (default 100); keep it at least twice the requests in flight of all connections")
	set.DurationVar(&f.heartbeatTimeout, "heartbeat-timeout", host.DefaultHeartbeatTimeout,
		"how long a worker may be silent before another one goes on with its work, at least 3s")
	set.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	set.StringVar(&f.logFormat, "log-format", "json", "json or console")
	set.BoolVar(&f.showVersion, "version", false, "say which version this is, and of which commit")
	err := set.Parse(args)
	if f.ledger == "" {
		f.ledger = os.Getenv("AUDIENCESYNC_LEDGER")
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprintln(stderr, "Usage of audiencesync-worker:")
		set.SetOutput(stderr)
		set.PrintDefaults()
		return f, err
	case err != nil:
		return f, fmt.Errorf("%w; see: audiencesync-worker --help", err)
	case f.showVersion:
		return f, nil
	case set.NArg() > 0:
		return f, fmt.Errorf("unexpected argument %q; see: audiencesync-worker --help", set.Arg(0))
	case f.connections == "":
		return f, errors.New("name the connections file: --connections FILE or AUDIENCESYNC_CONNECTIONS")
	case f.heartbeatTimeout < host.MinHeartbeatTimeout:
		return f, fmt.Errorf("--heartbeat-timeout is at least %s: a busy machine is not a dead one", host.MinHeartbeatTimeout)
	case f.ledger == "":
		return f, errors.New("name the ledger: --ledger sqlite:PATH or postgres://USER@HOST/DATABASE, or AUDIENCESYNC_LEDGER")
	}
	return f, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return &settingsError{err}
	}
	if f.showVersion {
		_, err := fmt.Fprintln(stdout, buildinfo.Read().Line("audiencesync-worker"))
		return err
	}
	version, err := f.version()
	if err != nil {
		return &settingsError{err}
	}
	logger, err := telemetry.NewLogger(stderr, f.logLevel, f.logFormat)
	if err != nil {
		return &settingsError{err}
	}
	// Before anything is connected to for nothing.
	if _, err := config.LoadConnections(f.connections); err != nil {
		return &settingsError{err}
	}
	metrics, err := telemetry.NewMetrics()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("health and metrics at %s: %w; choose another address with --listen", f.listen, err)
	}
	c, err := temporalclient.Dial(ctx, temporalclient.Options{
		Address: f.address, Namespace: f.namespace, Logger: logger, Metrics: metrics.Temporal(logger),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer c.Close()
	w, err := host.Start(ctx, host.Options{
		Client: c, Ledger: f.ledger, FailureKey: f.failureKey, Connections: f.connections, Activities: f.activities, HeartbeatTimeout: f.heartbeatTimeout,
		Version: version, Meter: metrics.Meter(), Logger: logger,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	health := telemetry.Health{Ready: w.Ready, Metrics: metrics.Handler(), Logger: logger}
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Serve(serving, listener) })
	group.Go(func() error { return w.Wait(serving) })
	<-serving.Done()
	logger.Info("stopping: no new work is taken, requests under way are finished")
	err = errors.Join(w.Stop(), group.Wait())
	logger.Info("stopped", zap.Error(err))
	return err
}
