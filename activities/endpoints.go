package activities

import (
	"context"
	"fmt"
	"sync"

	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

// endpoints turns connection names into clients, one for each name, so that
// all runs of this worker share its limits and connections. Credentials are
// looked up by reference when a request is made.
type endpoints struct {
	connections config.Connections
	credential  func(ctx context.Context, reference string) (string, error)

	mutex   sync.Mutex
	sources map[string]zeotap.Source
}

func (e *endpoints) lookup(reference config.CredentialRef) func(context.Context) (string, error) {
	if reference == "" {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		return e.credential(ctx, string(reference))
	}
}

func (e *endpoints) source(name string) (zeotap.Source, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if known, ok := e.sources[name]; ok {
		return known, nil
	}
	source, err := e.newSource(name)
	if err != nil {
		return nil, err
	}
	e.sources[name] = source
	return source, nil
}

func (e *endpoints) newSource(name string) (zeotap.Source, error) {
	settings, err := e.connections.Source(name)
	if err != nil {
		return nil, err
	}
	switch {
	case settings.API != nil:
		return zeotap.NewAPI(name, *settings.API, e.lookup(settings.API.Credential))
	case settings.Export != nil:
		return zeotap.NewExport(name, *settings.Export)
	default:
		return nil, fmt.Errorf("connection %s is not a source", name)
	}
}
