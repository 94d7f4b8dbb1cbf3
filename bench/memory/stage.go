package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"audiencesync/bench/stage"
	"audiencesync/examples"
	"audiencesync/test/endtoend/programs"
)

const (
	startTimeout = 90 * time.Second
	// rate is more than the machine can send, so that the sync is as fast as
	// the machine.
	rate = "200"
)

// play is a stage with everything that a sync needs.
type play struct {
	*stage.Stage

	worker *programs.Program
}

// start starts the vendors, Temporal and the worker.
func (p *play) start(ctx context.Context, members int64) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p.Say("starting the simulators, Temporal and the worker")
	var zeotap, charles string
	for _, address := range []*string{&zeotap, &charles} {
		var err error
		if *address, err = programs.FreeAddress(ctx); err != nil {
			return err
		}
	}
	if err := p.writeSettings(zeotap, charles); err != nil {
		return err
	}
	simulators, err := p.Program("simulate", p.Programs.AudienceSync, "simulate",
		"--zeotap", zeotap, "--charles", charles, "--members", strconv.FormatInt(members, 10))
	if err != nil {
		return err
	}
	if err := p.StartServer(ctx); err != nil {
		return err
	}
	if p.worker, err = p.Worker(ctx, "worker", "connections.yaml"); err != nil {
		return err
	}
	return simulators.AwaitOK(ctx, "http://"+charles+"/_sim/stats")
}

// writeSettings writes the demo's files with the addresses in use.
func (p *play) writeSettings(zeotap, charles string) error {
	edit := strings.NewReplacer("127.0.0.1:7401", zeotap, "127.0.0.1:7402", charles,
		"requests_per_second: 20", "requests_per_second: "+rate)
	for _, name := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := examples.Demo.ReadFile("demo/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(p.File(name), []byte(edit.Replace(string(content))), 0o600); err != nil {
			return err
		}
	}
	return nil
}
