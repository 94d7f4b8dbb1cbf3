package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"audiencesync/internal/devserver"
	"audiencesync/internal/host"
	"audiencesync/internal/telemetry"
	"audiencesync/internal/temporalclient"
)

// upFlags say how a machine of its own is run.
type upFlags struct {
	dir         string
	connections string
	failureKey  string
	temporal    string
	uiPort      int
	listen      string
	logLevel    string
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	command := &cobra.Command{
		Use:   "up",
		Short: "Run Temporal with its web UI and a worker on this machine",
		Long: `Run everything that syncs need on one machine: a local Temporal server with its
web UI, and a worker. The server's state and the ledger are files in --dir, so runs
and schedules go on after a restart. Stop it with Ctrl-C. The connections file is read
at the start: after a change of it, stop and start again.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.up(cmd.Context(), f)
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.dir, "dir", ".audiencesync", "folder of the server's state, the ledger and the server's log")
	addConnections(command, &f.connections)
	flags.StringVar(&f.failureKey, "failure-key", os.Getenv(failureKeyVariable),
		"where the key is that keeps the fields of failed members and of samples, encrypted: env:NAME or file:PATH from the current directory (or "+failureKeyVariable+")")
	flags.StringVar(&f.temporal, "temporal", "127.0.0.1:7233", "where the Temporal server listens; port 0 means a free one")
	flags.IntVar(&f.uiPort, "ui-port", 8233, "port of the web UI; 0 means a free one")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9090", "where /healthz, /readyz and /metrics are served")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	return command
}

// up runs until ctx ends, then stops the worker before the server.
func (a *app) up(ctx context.Context, f upFlags) (err error) {
	logger, err := a.logger(f.logLevel)
	if err != nil {
		return err
	}
	// Before a server is started for nothing.
	if _, err := loadConnections(f.connections); err != nil {
		return err
	}
	metrics, err := telemetry.NewMetrics()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return err
	}
	if err := devserver.Unclaimed(dir); err != nil {
		return fmt.Errorf("%w (--dir)", err) // Before the ports, which that one has too.
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("health and metrics at %s: %w; choose another address with --listen", f.listen, err)
	}
	defer func() { err = errors.Join(err, ignoreClosed(listener.Close())) }()

	server, err := devserver.Start(ctx, devserver.Options{
		DatabaseFile: filepath.Join(dir, "temporal.db"), Address: f.temporal, UIPort: f.uiPort, StateDir: dir,
	})
	if errors.Is(err, devserver.ErrPortInUse) {
		return fmt.Errorf("%w: --temporal HOST:PORT is the server's, --ui-port PORT that of the web UI", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()

	c, err := dialLocal(ctx, client.Options{
		HostPort: server.Address(), Logger: telemetry.TemporalLogger(logger), MetricsHandler: metrics.Temporal(logger),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := keepRuns(ctx, c, client.DefaultNamespace, localRetention); err != nil {
		return err
	}
	if _, err := temporalclient.RegisterAttributes(ctx, c, client.DefaultNamespace); err != nil && ctx.Err() == nil {
		logger.Warn("runs cannot be searched for", zap.Error(err))
	}
	worker, err := host.Start(ctx, host.Options{
		Client: c, Ledger: "sqlite:" + filepath.Join(dir, "ledger.db"), FailureKey: f.failureKey, Connections: f.connections,
		Meter: metrics.Meter(), Logger: logger,
	})
	if err != nil {
		return err
	}
	health := telemetry.Health{Ready: worker.Ready, Metrics: metrics.Handler(), Logger: logger}
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Serve(serving, listener) })
	group.Go(func() error { return worker.Wait(serving) })
	a.say("Temporal %s, web UI %s, metrics http://%s/metrics; stop with Ctrl-C", server.Address(), server.UIAddress(), listener.Addr())
	<-serving.Done()
	logger.Info("stopping: requests under way are finished", zap.String("dir", dir))
	return errors.Join(worker.Stop(), group.Wait())
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
