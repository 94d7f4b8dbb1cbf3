package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
)

// workspace is one Hello Charles tenant as this worker talks to it.
type workspace struct {
	settings config.HelloCharles
	api      hellocharles.API
}

// rendering names the settings that change what a contact looks like when it
// is sent; they enter the fingerprints.
func (w *workspace) rendering() (string, error) {
	content, err := json.Marshal(struct {
		SourceType string
		Phone      config.PhoneShape
		Email      config.ChannelShape
		Tags       config.TagForm
	}{w.settings.SourceType, w.settings.Phone, w.settings.Email, w.settings.Tags})
	return string(content), err
}

// workspaces keeps one client for each destination, so that all syncs of this
// worker share its connections and its bound on requests in flight.
type workspaces struct {
	endpoints *endpoints
	ledger    *ledger.Ledger
	meter     metric.Meter
	mutex     sync.Mutex
	byName    map[string]*workspace
	budgets   map[string]*budget
}

func newWorkspaces(e *endpoints, l *ledger.Ledger, meter metric.Meter) *workspaces {
	return &workspaces{endpoints: e, ledger: l, meter: meter, byName: map[string]*workspace{}, budgets: map[string]*budget{}}
}

func (w *workspaces) get(ctx context.Context, name string) (*workspace, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if known, ok := w.byName[name]; ok {
		return known, nil
	}
	settings, err := w.endpoints.connections.Charles(name)
	if err != nil {
		return nil, preflight.Refused(err)
	}
	credential := w.endpoints.lookup(settings.Credential)
	readCredential := credential
	if settings.Read.Credential != "" {
		readCredential = w.endpoints.lookup(settings.Read.Credential)
	}
	api, err := hellocharles.New(name, settings, credential, readCredential)
	if err != nil {
		return nil, preflight.Refused(err)
	}
	if api, err = hellocharles.Measured(api, w.meter); err != nil {
		return nil, fmt.Errorf("connection %s: %w", name, err)
	}
	key := settings.Workspace()
	if err := w.ledger.EnsureWorkspace(ctx, key); err != nil {
		return nil, err
	}
	// Two connections to one workspace share its budget.
	if w.budgets[key] == nil {
		w.budgets[key] = newBudget(w.ledger, key, settings.Limits)
	}
	known := &workspace{settings: settings, api: hellocharles.Limited(api, w.budgets[key])}
	w.byName[name] = known
	return known, nil
}
