package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"audiencesync/bench/stage"
	"audiencesync/internal/simulator/people"
	"audiencesync/workflows"
)

// kind is a kind of run that takes memory of its own.
type kind struct {
	name string
	// refresh is what the audience is, against the first run.
	refresh people.Refresh
	flags   []string
}

// kinds follow each other.
var kinds = []kind{
	{name: "first run"},
	{name: "unchanged refresh"},
	{name: "refresh with 20 % leavers", refresh: people.Refresh{Left: 0.2}},
	{name: "full run", flags: []string{"--full"}},
}

// ranSync is what a run cost.
type ranSync struct {
	stage.Ended

	kind      kind
	memory    memory
	histories []history
	// ledger is the size of its file in bytes, with an empty log.
	ledger int64
}

// play is a stage with everything that the runs need.
type play struct{ *stage.Mirror }

// run makes one run, with a worker of its own: the peak memory of a process does
// not come down.
func (p *play) run(ctx context.Context, of kind) (r ranSync, err error) {
	p.Say("%s", of.name)
	if err := p.Simulator.Refresh(of.refresh); err != nil {
		return r, err
	}
	if err := p.StartWorker(ctx); err != nil {
		return r, err
	}
	r.kind = of
	if r.Ended, err = p.Sync(ctx, p.look, of.flags...); err != nil {
		return r, fmt.Errorf("%s: %w", of.name, err)
	}
	if r.memory, err = memoryOf(p.WorkerPID()); err != nil {
		return r, err
	}
	chain, err := p.Chain(ctx, workflows.SyncID(r.Report.Sync))
	if err != nil {
		return r, err
	}
	r.histories = historiesOf(chain)
	if err := p.StopWorker(); err != nil {
		return r, err
	}
	r.ledger, err = ledgerSize(p.File(stage.Ledger))
	return r, err
}

func (p *play) look(after time.Duration, said string) error {
	now, err := memoryOf(p.WorkerPID())
	if err != nil {
		return err
	}
	p.Say("%4.0fs  worker %d MiB, peak %d MiB  %s", after.Seconds(), now.resident>>20, now.peak>>20, said)
	return nil
}

// ledgerSize is the size of a ledger that nobody has open: SQLite empties the log
// when the last one closes it.
func ledgerSize(path string) (int64, error) {
	file, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	log, err := os.Stat(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file.Size(), nil
	case err != nil:
		return 0, err
	case log.Size() > 0:
		return 0, fmt.Errorf("the worker left a write-ahead log of %d bytes, so that the size of the ledger is not known", log.Size())
	}
	return file.Size(), nil
}
