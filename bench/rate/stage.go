package main

import (
	"context"
	"fmt"
	"time"

	"audiencesync/bench/stage"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
)

const (
	startTimeout = 90 * time.Second
	zeotapKey    = simulator.DefaultKey
)

// play is a stage with everything that the syncs need: both vendors in this
// process, with the gate, and the rest as processes of their own.
type play struct {
	*stage.Stage

	gate    *gate
	workers []*programs.Program
}

// start starts the vendors, Temporal and the workers.
func (p *play) start(ctx context.Context, members int64) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p.Say("starting the simulators, Temporal and %d workers", workers)
	vendors := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Key: zeotapKey}})
	p.gate = newGate(vendors.CharlesHandler(), burst, reading)
	zeotap, err := p.Serve(ctx, vendors.ZeotapHandler())
	if err != nil {
		return err
	}
	charles, err := p.Serve(ctx, p.gate)
	if err != nil {
		return err
	}
	if err := p.writeSettings(zeotap, charles); err != nil {
		return err
	}
	if err := p.StartServer(ctx); err != nil {
		return err
	}
	for n := range workers {
		name := fmt.Sprintf("worker-%d", n)
		worker, err := p.Worker(ctx, name, name+".yaml")
		if err != nil {
			return err
		}
		p.workers = append(p.workers, worker)
	}
	return nil
}
