package endpoints

import (
	"context"
	"encoding/json"
	"fmt"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
)

// Workspace is one Hello Charles tenant as this process talks to it.
type Workspace struct {
	Settings config.HelloCharles
	// Limits are those of the workspace: the strictest of its connections.
	Limits config.Limits
	// API keeps to the budget of the workspace.
	API hellocharles.API
}

// Rendering names the settings that change what a contact looks like when it
// is sent; they enter the fingerprints.
func (w *Workspace) Rendering() (string, error) {
	content, err := json.Marshal(struct {
		SourceType string
		Phone      config.PhoneShape
		Email      config.ChannelShape
		Tags       config.TagForm
	}{w.Settings.SourceType, w.Settings.Phone, w.Settings.Email, w.Settings.Tags})
	return string(content), err
}

// Workspace returns the client of a Hello Charles connection. A connection that
// does not exist, or does not hold together, is a *SettingsError.
func (p *Pool) Workspace(ctx context.Context, name string) (*Workspace, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, ok := p.workspaces[name]; ok {
		return known, nil
	}
	settings, err := p.Connections.Charles(name)
	if err != nil {
		return nil, &SettingsError{err}
	}
	api, err := hellocharles.New(name, settings, p.Credential)
	if err != nil {
		return nil, &SettingsError{err}
	}
	if api, err = hellocharles.Measured(api, p.Meter); err != nil {
		return nil, fmt.Errorf("connection %s: %w", name, err)
	}
	key := settings.Workspace()
	if err := p.Ledger.EnsureWorkspace(ctx, key); err != nil {
		return nil, err
	}
	limits := p.strictest(key, settings.Limits)
	if p.budgets[key] == nil {
		p.budgets[key] = newBudget(p.Ledger, key, limits)
	}
	known := &Workspace{Settings: settings, Limits: limits, API: hellocharles.Limited(api, p.budgets[key])}
	p.workspaces[name] = known
	return known, nil
}

// strictest returns the limits of a workspace. Connections to one workspace share
// its budget, so none may pass the limits of another, whichever is used first.
func (p *Pool) strictest(workspace string, limits config.Limits) config.Limits {
	for _, other := range p.Connections.HelloCharles {
		if other.Workspace() == workspace {
			limits.RequestsPerSecond = min(limits.RequestsPerSecond, other.Limits.RequestsPerSecond)
			limits.RequestsInFlight = min(limits.RequestsInFlight, other.Limits.RequestsInFlight)
		}
	}
	return limits
}
