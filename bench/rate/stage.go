package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	vendors []*http.Server
	workers []*programs.Program
}

// start starts the vendors, Temporal and the workers.
func (p *play) start(ctx context.Context, members int64) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p.Say("starting the simulators, Temporal and %d workers", workers)
	vendors := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Key: zeotapKey}})
	p.gate = newGate(vendors.CharlesHandler(), burst, reading)
	zeotap, err := p.serve(ctx, vendors.ZeotapHandler())
	if err != nil {
		return err
	}
	charles, err := p.serve(ctx, p.gate)
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

func (p *play) serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	p.vendors = append(p.vendors, server)
	go func() { _ = server.Serve(listener) }() // It ends when stop closes it.
	return listener.Addr().String(), nil
}

// stop stops the vendors last: the workers finish their requests.
func (p *play) stop() error {
	errs := make([]error, 0, len(p.vendors)+1)
	errs = append(errs, p.Stop())
	for _, vendor := range p.vendors {
		errs = append(errs, vendor.Close())
	}
	return errors.Join(errs...)
}
