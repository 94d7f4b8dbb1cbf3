package endpoints

import (
	"fmt"

	"audiencesync/internal/zeotap"
)

// Source returns the client of a Zeotap connection. The error is a
// *SettingsError.
func (p *Pool) Source(name string) (zeotap.Source, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, ok := p.sources[name]; ok {
		return known, nil
	}
	source, err := p.newSource(name)
	if err != nil {
		return nil, &SettingsError{err}
	}
	p.sources[name] = source
	return source, nil
}

func (p *Pool) newSource(name string) (zeotap.Source, error) {
	settings, err := p.Connections.Source(name)
	if err != nil {
		return nil, err
	}
	switch {
	case settings.API != nil:
		return zeotap.NewAPI(name, *settings.API, p.lookup(settings.API.Credential))
	case settings.Export != nil:
		return zeotap.NewExport(name, *settings.Export)
	default:
		return nil, fmt.Errorf("connection %s is not a source", name)
	}
}
