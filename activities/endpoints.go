package activities

import (
	"context"
	"fmt"

	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

// endpoints turns connection names into clients. Credentials are looked up by
// reference when a request is made.
type endpoints struct {
	connections config.Connections
	credential  func(ctx context.Context, reference string) (string, error)
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
