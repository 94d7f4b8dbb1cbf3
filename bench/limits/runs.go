package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/client"

	"audiencesync/bench/stage"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// ranSync is a run, and what Temporal held of it.
type ranSync struct {
	stage.Ended

	name           string
	held           held
	sent, received message
}

// play is a stage whose programs reach Temporal through a tap.
type play struct {
	*stage.Mirror

	tap *tap
}

// scene is a play: an audience, and the runs that follow each other.
type scene struct {
	vendors simulator.Options
	edits   []string
	runs    []kind
}

// kind is a kind of run; refresh is what the audience is then, against the first run.
type kind struct {
	name    string
	refresh people.Refresh
}

// large is the audience of so many members, sent once, and once more after a share of it
// has changed and another has left.
func large(members int64, batch int) scene {
	return scene{
		vendors: simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Seed: 1}},
		// To list the segment takes as long as to send it, and comes to a few counts.
		edits: append(batches(batch, 8), "  poll: 1s\n", "  poll: 1s\n  compare: when_different\n"),
		runs: []kind{
			{name: "first run"},
			{name: "refresh", refresh: people.Refresh{
				Changed: people.Change{Share: 0.1, Field: people.LoyaltyPoints, Version: 1}, Left: 0.01,
			}},
		},
	}
}

const (
	// splitBatch members make a batch that is refused, often enough, as a whole.
	splitBatch = 20
	// splitInFlight is beyond what the widest window of a run is made for.
	splitInFlight = 100
	badShare      = 0.01
	// splitPart of the batches of a first run are enough for several histories: those that
	// are refused take nine requests more.
	splitPart = 5
)

// refusing is an audience of so many batches of a few members, of which Hello Charles
// refuses every sixth as a whole, without saying for whom: the run splits them, within
// the widest window that it ever has.
func refusing(batchCount int64) scene {
	return scene{
		vendors: simulator.Options{
			Zeotap:  simulator.ZeotapOptions{Members: batchCount * splitBatch, Seed: 1},
			Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{AllOrNothing: true}},
			Faults:  simulator.Faults{Refuse: []faults.Refusal{{Share: badShare, Code: "contact_blocked"}}},
		},
		edits: batches(splitBatch, splitInFlight),
		runs:  []kind{{name: "refused batches"}},
	}
}

// batches are edits that let batches have so many members, and so many be in flight.
func batches(members, inFlight int) []string {
	return []string{
		"reply: items\n", fmt.Sprintf("reply: items\n      max_items: %d\n", members),
		"requests_in_flight: 8\n", fmt.Sprintf("requests_in_flight: %d\n", inFlight),
		"    read:\n", "    read:\n      segment_page_size: 5000\n",
	}
}

// perform starts everything that a scene needs, and makes its runs.
func (s scene) perform(ctx context.Context, progress io.Writer) (ran []ranSync, err error) {
	built, err := stage.New(ctx, "limits", progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, built.Stop()) }()
	mirror, err := stage.NewMirror(ctx, built, s.vendors, s.edits...)
	if err != nil {
		return nil, err
	}
	if err := register(ctx, built.Server.Address()); err != nil {
		return nil, err
	}
	tap, address, err := newTap(ctx, built.Server.Address())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tap.stop()) }()
	built.Through(address)
	p := &play{mirror, tap}
	if err := p.StartWorker(ctx); err != nil {
		return nil, err
	}
	for _, kind := range s.runs {
		r, err := p.run(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		ran = append(ran, r)
	}
	return ran, p.StopWorker()
}

// register lets runs have search attributes.
func register(ctx context.Context, temporal string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: temporal})
	if err != nil {
		return fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer c.Close()
	_, err = temporalclient.RegisterAttributes(ctx, c, client.DefaultNamespace)
	return err
}

func (p *play) run(ctx context.Context, of kind) (ranSync, error) {
	p.Say("%s", of.name)
	if err := p.Simulator.Refresh(of.refresh); err != nil {
		return ranSync{}, err
	}
	ended, err := p.Sync(ctx, func(after time.Duration, said string) error {
		p.Say("%4.0fs  %s", after.Seconds(), said)
		return nil
	})
	if err != nil {
		return ranSync{}, err
	}
	r := ranSync{Ended: ended, name: of.name}
	r.sent, r.received = p.tap.seen()
	chain, err := p.Chain(ctx, workflows.SyncID(ended.Report.Sync))
	r.held = heldBy(chain)
	return r, err
}
