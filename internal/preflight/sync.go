package preflight

import (
	"context"
	"encoding/json"
	"fmt"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/mapping"
	"audiencesync/internal/zeotap"
)

// Sync is a sync that is compiled against its workspace.
type Sync struct {
	Spec      config.Sync
	Mapper    *mapping.Mapper
	Workspace *endpoints.Workspace
}

// Compile compiles a sync against its workspace and what it rests on there. A
// destination that does not exist is an *endpoints.SettingsError, a mapping
// that does not hold together a *RefusedError.
func Compile(ctx context.Context, pool *endpoints.Pool, spec config.Sync, on Surroundings) (*Sync, error) {
	workspace, err := pool.Workspace(ctx, spec.Destination)
	if err != nil {
		return nil, err
	}
	rendering, err := workspace.Rendering()
	if err != nil {
		return nil, err
	}
	mapper, err := mapping.Compile(spec, on.Destination(rendering))
	if err != nil {
		return nil, Refused(err)
	}
	return &Sync{Spec: spec, Mapper: mapper, Workspace: workspace}, nil
}

// Look inspects a sync, and compiles it against what was found. Whether it may
// run is for the findings to say.
func Look(ctx context.Context, pool *endpoints.Pool, spec config.Sync) (*Findings, *Sync, error) {
	return look(ctx, pool, spec, looking{})
}

// LookToAudit is Look for a run that compares the audience with the segment: nothing
// is sent, so what the mapping and the marker need in Hello Charles does not matter.
func LookToAudit(ctx context.Context, pool *endpoints.Pool, spec config.Sync) (*Findings, *Sync, error) {
	return look(ctx, pool, spec, looking{withoutNeeds: true})
}

// LookToVerify is Look for a run that proves what earlier ones have brought: the
// audience is not asked for, and what the mapping needs does not matter.
func LookToVerify(ctx context.Context, pool *endpoints.Pool, spec config.Sync) (*Findings, *Sync, error) {
	spec.Mapping = config.Mapping{}
	return look(ctx, pool, spec, looking{withoutSource: true})
}

// LookToRetire is Look for a run that takes all marks of a sync away: the audience
// may be gone, and nothing but the marker has to exist.
func LookToRetire(ctx context.Context, pool *endpoints.Pool, spec config.Sync) (*Findings, *Sync, error) {
	switch marker := spec.Marker; {
	case marker.Property == "":
		return nil, nil, Refused(fmt.Errorf("sync %s marks contacts with the tag %q, and a tag cannot be taken away by its API: take it away in Hello Charles", spec.Sync, marker.Tag))
	case marker.Left == "" && !marker.Shared:
		return nil, nil, Refused(fmt.Errorf("sync %s says no value for those who left: add marker.left, which the segment does not match, and retire again", spec.Sync))
	}
	spec.Mapping = config.Mapping{}
	return look(ctx, pool, spec, looking{withoutSource: true})
}

// looking is what a look leaves out.
type looking struct{ withoutSource, withoutNeeds bool }

func look(ctx context.Context, pool *endpoints.Pool, spec config.Sync, how looking) (*Findings, *Sync, error) {
	blind, err := Compile(ctx, pool, spec, Surroundings{})
	if err != nil {
		return nil, nil, err
	}
	needs, leavesOut := blind.Mapper.Needs(), blind.Mapper.LeavesOut()
	if how.withoutNeeds {
		needs, leavesOut, spec.Mode = mapping.Needs{}, nil, config.ModeAdd
	}
	found, err := Inspect(ctx, Input{
		WithoutSource: how.withoutSource,
		Spec:          spec, Settings: blind.Workspace.Settings, Needs: needs, LeavesOut: leavesOut,
		API:    blind.Workspace.API,
		Source: func() (zeotap.Source, error) { return pool.Source(spec) },
		Ledger: func(ctx context.Context) error {
			opening, err := blind.Opening()
			if err != nil {
				return err
			}
			return pool.Ledger.CheckOpening(ctx, opening)
		},
		Webhook:   pool.Webhook,
		Beginning: func(ctx context.Context) (ledger.Beginning, error) { return pool.Ledger.Beginning(ctx, spec.Sync) },
	})
	if err != nil {
		return nil, nil, err
	}
	sync, err := Compile(ctx, pool, spec, found.Surroundings)
	return found, sync, err
}

// Opening states what the ledger keeps of a sync for ever.
func (s *Sync) Opening() (ledger.Opening, error) {
	pinned, err := json.Marshal(s.Spec)
	if err != nil {
		return ledger.Opening{}, fmt.Errorf("spec of sync %s: %w", s.Spec.Sync, err)
	}
	return ledger.Opening{
		Sync:       s.Spec.Sync,
		Workspace:  s.Workspace.Settings.Workspace(),
		AudienceID: s.Spec.Audience.ID,
		Reference:  fmt.Sprintf("%s as %s", s.Spec.Reference.Describe(), s.Spec.Reference.Normalise),
		Marker: ledger.Marker{
			Property: s.Spec.Marker.Property, Member: s.Spec.Marker.Member, Mirror: s.Spec.Mode == config.ModeMirror, Shared: s.Spec.Marker.Shared,
		},
		Spec:      pinned,
		Segment:   s.Spec.Verification.Segment,
		Keeps:     s.Workspace.Settings.Omitted == config.OmittedKeep,
		BatchSize: s.Workspace.Settings.BatchSize(),

		KeepFailuresFor: s.Spec.Limits.KeepFailuresFor.D(),
	}, nil
}
