package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/mapping"
	"audiencesync/internal/preflight"
)

// openRun is a run as its activities need it: the pinned spec, compiled.
type openRun struct {
	ref       RunRef
	spec      config.Sync
	mapper    *mapping.Mapper
	workspace *endpoints.Workspace
}

// runCache keeps the compiled specs of the last runs of this worker.
type runCache struct {
	ledger    *ledger.Ledger
	endpoints *endpoints.Pool
	mutex     sync.Mutex
	runs      map[RunRef]*openRun
}

// cachedRuns bounds the cache; more runs at once only compile more often.
const cachedRuns = 64

func newRunCache(l *ledger.Ledger, e *endpoints.Pool) *runCache {
	return &runCache{ledger: l, endpoints: e, runs: map[RunRef]*openRun{}}
}

func (c *runCache) get(ctx context.Context, ref RunRef) (*openRun, error) {
	c.mutex.Lock()
	run, ok := c.runs[ref]
	c.mutex.Unlock()
	if ok {
		return run, nil
	}
	stored, err := c.ledger.Run(ctx, ref)
	if err != nil {
		return nil, err
	}
	var spec config.Sync
	if err := json.Unmarshal(stored.Spec, &spec); err != nil {
		return nil, fmt.Errorf("pinned spec of run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	surroundings, err := preflight.Unpin(stored.Surroundings)
	if err != nil {
		return nil, err
	}
	compiled, err := preflight.Compile(ctx, c.endpoints, spec, surroundings)
	if err != nil {
		return nil, err
	}
	run = &openRun{ref: ref, spec: spec, mapper: compiled.Mapper, workspace: compiled.Workspace}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.runs) >= cachedRuns {
		clear(c.runs)
	}
	c.runs[ref] = run
	return run, nil
}
