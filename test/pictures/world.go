package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/examples"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/devserver"
	"audiencesync/internal/host"
	"audiencesync/internal/simulator"
	"audiencesync/internal/telemetry"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// world is a Temporal server with its web UI, a worker, and the vendors of each sync.
type world struct {
	dir     string
	server  *devserver.Server
	client  client.Client
	worker  *host.Host
	vendors []*http.Server
	syncs   map[string]config.Sync
}

// newWorld starts everything. What was started is stopped if something cannot be.
func newWorld(ctx context.Context) (_ *world, err error) {
	dir, err := os.MkdirTemp("", "audiencesync-pictures-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, syncs: map[string]config.Sync{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	if err := everyNameIsHere(ctx); err != nil {
		return nil, err
	}
	if err := w.startVendors(ctx); err != nil {
		return nil, err
	}
	if w.server, err = devserver.Start(ctx, devserver.Options{}); err != nil {
		return nil, err
	}
	// No name of this machine is in the pictures.
	w.client, err = client.DialContext(ctx, client.Options{
		HostPort: w.server.Address(), Identity: "audiencesync-worker", Logger: telemetry.TemporalLogger(zap.NewNop()),
	})
	if err != nil {
		return nil, err
	}
	if _, err := temporalclient.RegisterAttributes(ctx, w.client, client.DefaultNamespace); err != nil {
		return nil, err
	}
	w.worker, err = host.Start(ctx, host.Options{
		Client: w.client, Ledger: "sqlite:" + filepath.Join(dir, "ledger.db"), Connections: filepath.Join(dir, "connections.yaml"),
		Meter: noop.NewMeterProvider().Meter("pictures"), Logger: zap.NewNop(),
	})
	return w, err
}

func (w *world) stop() error {
	var errs []error
	if w.worker != nil {
		errs = append(errs, w.worker.Stop())
	}
	if w.client != nil {
		w.client.Close()
	}
	if w.server != nil {
		errs = append(errs, w.server.Stop())
	}
	for _, server := range w.vendors {
		errs = append(errs, server.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

// startVendors starts a simulator for each sync, and writes the connections that lead
// there. Those of one tenant differ by their port, so each can go wrong on its own.
func (w *world) startVendors(ctx context.Context) error {
	demo, err := examples.Demo.ReadFile("demo/connections.yaml")
	if err != nil {
		return err
	}
	syncText, err := examples.Demo.ReadFile("demo/sync.yaml")
	if err != nil {
		return err
	}
	key, err := examples.Demo.ReadFile("demo/demo.key")
	if err != nil {
		return err
	}
	parts := []string{"connections:\n"}
	for _, s := range stories {
		var options simulator.Options
		options.Zeotap.Members, options.Zeotap.Seed, options.Zeotap.Audience = s.members, s.seed, audience.Audience{ID: s.audience, Name: s.title}
		options.Faults = s.faults
		sim := simulator.New(options)
		zeotap, err := w.serve(ctx, sim.ZeotapHandler())
		if err != nil {
			return err
		}
		charles, err := w.serve(ctx, sim.CharlesHandler())
		if err != nil {
			return err
		}
		_, theirs, _ := strings.Cut(string(demo), "connections:\n")
		parts = append(parts, strings.NewReplacer(
			"zeotap-demo", "zeotap-"+s.sync, "charles-demo", s.workspace+"-"+s.sync,
			"http://127.0.0.1:7401", "http://zeotap.example.com:"+zeotap+"\n    allow_plain_http: true",
			"http://127.0.0.1:7402", "http://"+s.workspace+".hello-charles.com:"+charles+"\n    allow_plain_http: true",
			"requests_in_flight: 8", "requests_in_flight: 4",
		).Replace(theirs))
		spec, err := config.ParseSync("sync.yaml", []byte(strings.NewReplacer(
			"sync: demo", "sync: "+s.sync, `"984"`, fmt.Sprintf("%q", s.audience), "Spring campaign", s.title, "_984", "_"+s.audience, "seg-984", "seg-"+s.audience,
			"zeotap-demo", "zeotap-"+s.sync, "charles-demo", s.workspace+"-"+s.sync,
		).Replace(string(syncText))))
		if err != nil {
			return err
		}
		if s.change != nil {
			s.change(&spec)
		}
		w.syncs[s.sync] = spec
	}
	return errors.Join(
		os.WriteFile(filepath.Join(w.dir, "demo.key"), key, 0o600), os.WriteFile(filepath.Join(w.dir, "connections.yaml"), []byte(strings.Join(parts, "")), 0o600))
}

// serve serves a vendor on a free port.
func (w *world) serve(ctx context.Context, handler http.Handler) (port string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	w.vendors = append(w.vendors, server)
	go func() { _ = server.Serve(listener) }() // Until it is closed.
	_, port, err = net.SplitHostPort(listener.Addr().String())
	return port, err
}

// start starts the run of a sync.
func (w *world) start(ctx context.Context, sync string) (client.WorkflowRun, error) {
	in := workflows.AudienceSyncInput{Spec: w.syncs[sync]}
	return w.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.SyncID(sync), TaskQueue: workflows.TaskQueue, StaticSummary: workflows.Summary(in.Spec), StaticDetails: workflows.Details(in),
	}, workflows.AudienceSync, in)
}

func (w *world) ui() string { return w.server.UIAddress() }

// list is the address of the list of workflows that a query finds.
func (w *world) list(query string) string {
	return w.ui() + "/namespaces/default/workflows?query=" + url.QueryEscape(query)
}

// page is the address of a run.
func (w *world) page(run client.WorkflowRun) string {
	return w.ui() + "/namespaces/default/workflows/" + url.PathEscape(run.GetID()) + "/" + run.GetRunID() + "/history"
}
