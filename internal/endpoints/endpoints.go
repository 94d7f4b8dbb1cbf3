// Package endpoints turns the names of connections into clients of both
// vendors: one for each, so that everything in a process shares their
// connections and the request budget of each workspace.
package endpoints

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/webhook"
	"audiencesync/internal/zeotap"
)

// Options are what a pool is made of.
type Options struct {
	Connections config.Connections
	// Credential looks a reference up at the time of use.
	Credential func(ctx context.Context, reference string) (string, error)
	// Ledger holds the request budgets.
	Ledger *ledger.Ledger
	Meter  metric.Meter
}

// Pool holds the clients. It is safe for concurrent use.
type Pool struct {
	Options

	mutex      sync.Mutex
	sources    map[string]zeotap.Source
	workspaces map[string]*Workspace
	budgets    map[string]*budget
	webhooks   map[string]*webhook.Client
}

// New returns an empty pool.
func New(o Options) *Pool {
	return &Pool{
		Options: o, sources: map[string]zeotap.Source{}, workspaces: map[string]*Workspace{}, budgets: map[string]*budget{},
		webhooks: map[string]*webhook.Client{},
	}
}

// SettingsError says that the connections file does not have what a sync names.
type SettingsError struct{ err error }

// Error implements error.
func (e *SettingsError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *SettingsError) Unwrap() error { return e.err }
