// Package host puts a worker together: the ledger, the connections, the
// activities and workflows, registered with Temporal. The worker program and
// "audiencesync up" both run one.
package host

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
	"audiencesync/internal/ledger"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// Options are what a worker is made of.
type Options struct {
	Client client.Client
	// Ledger is the ledger's address (see ledger.Open).
	Ledger string
	// FailureKey says where the key is that the fields of failed members are
	// encrypted with: env:NAME or file:PATH, from the current directory. Without
	// one they are not kept.
	FailureKey string
	// Connections is the path of the connections file.
	Connections string
	// Activities is how many activities run at once; zero means 100.
	Activities int
	// HeartbeatTimeout is how long activities may be silent before Temporal takes their
	// worker for dead and lets another one go on; zero means 30 s. It is that of the
	// activities which workflows on this worker start.
	HeartbeatTimeout time.Duration
	// Version is the worker's version in a deployment; zero: it has none.
	Version temporalclient.Version
	Meter   metric.Meter
	Logger  *zap.Logger
}

const (
	defaultActivities = 100
	// stopTimeout is how long activities that are under way may go on when the
	// worker stops: the longest request of the default settings.
	stopTimeout = 60 * time.Second
)

// Host is a running worker with everything it holds open.
type Host struct {
	worker  worker.Worker
	ledger  *ledger.Ledger
	client  client.Client
	release func()
	// unobserve ends the metrics that rest on the ledger.
	unobserve func() error
	failed    chan error
}

// Start starts a worker. Stop gives everything back.
func Start(ctx context.Context, o Options) (*Host, error) {
	connections, err := config.LoadConnections(o.Connections)
	if err != nil {
		return nil, err
	}
	secrets := credentials.Store{Dir: filepath.Dir(o.Connections)}
	with, err := FailureKey(ctx, credentials.Store{}, o.FailureKey)
	if err != nil {
		return nil, err
	}
	store, err := ledger.Open(ctx, o.Ledger, append(with, LedgerCredential(credentials.Store{}))...)
	if err != nil {
		return nil, err
	}
	acts, release := activities.New(activities.Dependencies{
		Ledger:      store,
		Connections: connections,
		Credential:  secrets.Lookup,
		Meter:       o.Meter,
		Temporal:    o.Client,
	})
	unobserve, err := observeLastGood(o.Meter, store, o.Logger)
	if err != nil {
		release()
		return nil, errors.Join(err, store.Close())
	}
	warnOfCredentials(ctx, connections, secrets, o.Logger)
	slots := o.Activities
	if slots == 0 {
		slots = defaultActivities
	}
	failed := make(chan error, 1)
	w := worker.New(o.Client, workflows.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: slots,
		MaxConcurrentActivityTaskPollers:   8,
		WorkerStopTimeout:                  stopTimeout,
		// Else the SDK holds heartbeats back for 80% of their timeout: six seconds
		// of trouble would start a second attempt beside the first, and a
		// cancellation would be noticed after 24 s.
		MaxHeartbeatThrottleInterval: o.heartbeatTimeout() / activities.HeartbeatsPerTimeout,
		Interceptors:                 o.interceptors(),
		DeploymentOptions:            deployment(o.Version),
		OnFatalError: func(err error) {
			select {
			case failed <- fmt.Errorf("the worker cannot go on: %w", err):
			default:
			}
		},
	})
	workflows.Register(w)
	w.RegisterActivity(acts)
	if err := w.Start(); err != nil {
		release()
		return nil, errors.Join(fmt.Errorf("starting the worker: %w", err), unobserve(), store.Close())
	}
	if known, err := temporalclient.KnowsAttributes(ctx, o.Client, ""); err == nil && !known {
		o.Logger.Warn(temporalclient.NotRegistered)
	}
	warnIfIdle(ctx, o.Client, o.Version, o.Logger)
	o.Logger.Info("worker started", zap.String("task_queue", workflows.TaskQueue),
		zap.Strings("connections", connections.Names()), zap.String("ledger", store.ID()),
		zap.String("deployment", o.Version.DeploymentName), zap.String("build_id", o.Version.BuildID))
	return &Host{worker: w, ledger: store, client: o.Client, release: release, unobserve: unobserve, failed: failed}, nil
}

// Ready reports whether the ledger and Temporal answer.
func (h *Host) Ready(ctx context.Context) error {
	if err := h.ledger.Ping(ctx); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if _, err := h.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return nil
}

// Wait returns when ctx ends, or with the error for which the worker cannot go on.
func (h *Host) Wait(ctx context.Context) error {
	select {
	case err := <-h.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Stop takes no more work, waits for activities that are under way, and closes
// the ledger.
func (h *Host) Stop() error {
	h.worker.Stop()
	h.release()
	return errors.Join(h.unobserve(), h.ledger.Close())
}
