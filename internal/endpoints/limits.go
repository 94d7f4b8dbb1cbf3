package endpoints

import (
	"context"
	"slices"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

// Limits are those of a workspace, as they are now.
type Limits struct {
	Workspace string
	// Connections are the names of those that lead to the workspace.
	Connections []string
	// File are the strictest limits of those connections.
	File config.Limits
	// Set is what a person has set; it wins.
	Set ledger.SetLimits
}

// RequestsPerSecond is the rate that is never passed.
func (l Limits) RequestsPerSecond() float64 {
	if l.Set.RequestsPerSecond != nil {
		return *l.Set.RequestsPerSecond
	}
	return l.File.RequestsPerSecond
}

// RequestsInFlight is how many requests of one worker may be under way at once.
func (l Limits) RequestsInFlight() int {
	if l.Set.RequestsInFlight != nil {
		return *l.Set.RequestsInFlight
	}
	return l.File.RequestsInFlight
}

// Limits returns the limits of a workspace, by the name of a connection to it, or its
// own. Another name is a *SettingsError.
func (p *Pool) Limits(ctx context.Context, name string) (Limits, error) {
	settings, err := p.settingsOf(name)
	if err != nil {
		return Limits{}, err
	}
	limits := Limits{Workspace: settings.Workspace()}
	limits.File = p.strictest(limits.Workspace, settings.Limits)
	for connection, other := range p.Connections.HelloCharles {
		if other.Workspace() == limits.Workspace {
			limits.Connections = append(limits.Connections, connection)
		}
	}
	slices.Sort(limits.Connections)
	limits.Set, err = p.Ledger.Limits(ctx, limits.Workspace)
	return limits, err
}

// ChangeLimits changes the limits of a workspace for all workers, and returns those that
// are in force from then on. The name is that of Limits.
func (p *Pool) ChangeLimits(ctx context.Context, name string, change ledger.LimitChange) (Limits, error) {
	settings, err := p.settingsOf(name)
	if err != nil {
		return Limits{}, err
	}
	if err := p.Ledger.EnsureWorkspace(ctx, settings.Workspace()); err != nil {
		return Limits{}, err
	}
	if err := p.Ledger.ChangeLimits(ctx, settings.Workspace(), change); err != nil {
		return Limits{}, err
	}
	return p.Limits(ctx, name)
}

// InForce returns the settings of a connection with the limits that count now.
func (p *Pool) InForce(ctx context.Context, connection string) (config.HelloCharles, error) {
	settings, err := p.settingsOf(connection)
	if err != nil {
		return settings, err
	}
	limits, err := p.Limits(ctx, connection)
	settings.Limits.RequestsPerSecond, settings.Limits.RequestsInFlight = limits.RequestsPerSecond(), limits.RequestsInFlight()
	return settings, err
}

func (p *Pool) settingsOf(name string) (config.HelloCharles, error) {
	for _, settings := range p.Connections.HelloCharles {
		if settings.Workspace() == name {
			return settings, nil
		}
	}
	settings, err := p.Connections.Charles(name)
	if err != nil {
		return settings, &SettingsError{err}
	}
	return settings, nil
}
