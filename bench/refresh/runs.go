package main

import (
	"context"
	"fmt"
	"time"

	"audiencesync/bench/stage"
	"audiencesync/internal/simulator/people"
)

// changed is the refresh in which some people have other points.
var changed = people.Refresh{Changed: people.Change{Share: share, Field: people.LoyaltyPoints, Version: 1}}

// refreshes are the audience of each run, against the first one. Who changed stays
// so when others leave.
var refreshes = [...]people.Refresh{{}, {}, changed, {Changed: changed.Changed, Left: share}}

// play is a stage with everything that the runs need.
type play struct{ *stage.Mirror }

// segment is the demo's.
const segment = "seg-984"

// ran is a run, and what Hello Charles saw of it.
type ran struct {
	stage.Ended

	seen traffic
}

// traffic is what came to the simulated workspace.
type traffic struct {
	// requests that carried contacts, whatever became of them, and the contacts.
	requests, contacts int64
	// marked is by how many contacts the segment grew.
	marked int64
}

// run makes one run of the audience after a refresh.
func (p *play) run(ctx context.Context, number int, after people.Refresh) (ran, error) {
	if err := p.Simulator.Refresh(after); err != nil {
		return ran{}, err
	}
	before := p.traffic()
	ended, err := p.Sync(ctx, func(after time.Duration, said string) error {
		p.Say("%4.0fs  run %d  %s", after.Seconds(), number, said)
		return nil
	})
	if err != nil {
		return ran{}, fmt.Errorf("run %d: %w", number, err)
	}
	p.Say("run %d took %s", number, ended.Wall.Round(100*time.Millisecond))
	now := p.traffic()
	return ran{Ended: ended, seen: traffic{now.requests - before.requests, now.contacts - before.contacts, now.marked - before.marked}}, nil
}

// traffic is all that came so far.
func (p *play) traffic() traffic {
	stats := p.Simulator.Stats()
	so := traffic{contacts: stats.UpsertsReceived, marked: stats.Segments[segment].Actual}
	for _, kind := range []string{"batch", "contact"} {
		for _, n := range stats.Requests[kind] {
			so.requests += n
		}
	}
	return so
}
