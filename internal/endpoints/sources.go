package endpoints

import (
	"fmt"

	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
	"audiencesync/internal/zeotap"
)

// Source returns the client of the Zeotap connection of a sync. The error is a
// *SettingsError.
func (p *Pool) Source(spec config.Sync) (zeotap.Source, error) {
	source, err := p.source(spec.Source)
	if err != nil {
		return nil, &SettingsError{err}
	}
	export, ok := source.(*zeotap.Export)
	if !ok || p.Connections.ZeotapExport[spec.Source].Delivers != config.DeliversDeltas {
		return source, nil
	}
	if source, err = p.deltas(export, spec); err != nil {
		return nil, &SettingsError{err}
	}
	return source, nil
}

// source returns the client that all syncs of a connection share.
func (p *Pool) source(name string) (zeotap.Source, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, ok := p.sources[name]; ok {
		return known, nil
	}
	source, err := p.newSource(name)
	if err != nil {
		return nil, err
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
		return zeotap.NewAPI(name, *settings.API, p.Credential)
	case settings.Export != nil:
		return zeotap.NewExport(name, *settings.Export, p.Credential)
	default:
		return nil, fmt.Errorf("connection %s is not a source", name)
	}
}

// deltas returns the source of one sync: two syncs may map different fields of
// one audience, and neither keeps more than it maps.
func (p *Pool) deltas(export *zeotap.Export, spec config.Sync) (zeotap.Source, error) {
	kept, err := p.Ledger.Export(spec.Sync)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", spec.Source, err)
	}
	// The fields that a mapping uses do not depend on what exists in Hello Charles.
	mapper, err := mapping.Compile(spec, mapping.Destination{})
	if err != nil {
		return nil, fmt.Errorf("mapping of sync %s: %w", spec.Sync, err)
	}
	return export.Deltas(zeotap.Membership{
		Ledger: kept, Key: mapper.ReferenceFields(), Fields: mapper.Fields(), Keep: mapper.Mapped,
	})
}
