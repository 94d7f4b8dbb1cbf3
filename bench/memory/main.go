// Command memory measures what a large sync in mode mirror costs: the worker's
// peak memory in each kind of run, the length of Temporal's histories and the size
// of the ledger, against the goals of this project. It starts everything that it
// needs on this machine, and stops it again.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"runtime"

	"audiencesync/bench/command"
	"audiencesync/bench/stage"
	"audiencesync/bench/table"
	"audiencesync/internal/simulator"
)

func main() {
	var members int64
	os.Exit(command.Benchmark{
		Name:  "memory",
		Flags: func(set *flag.FlagSet) { set.Int64Var(&members, "members", 1_000_000, "size of the audience") },
		Check: func() error {
			if members < 1 {
				return errors.New("--members is at least 1")
			}
			return nil
		},
		Measure: func(ctx context.Context, progress io.Writer) ([]table.Figure, error) {
			return measure(ctx, members, progress)
		},
	}.Main())
}

// measure makes all runs with so many members and returns what they cost.
func measure(ctx context.Context, members int64, progress io.Writer) (figures []table.Figure, err error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the memory of a process is read from /proc, which only Linux has")
	}
	built, err := stage.New(ctx, "memory", progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, built.Stop()) }()
	vendors := simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Seed: 1}}
	// Each run lists the whole segment and compares it with the ledger.
	mirror, err := stage.NewMirror(ctx, built, vendors, "    read:\n", "    read:\n      segment_page_size: 5000\n")
	if err != nil {
		return nil, err
	}
	p := &play{mirror}
	var ran []ranSync
	for _, kind := range kinds {
		r, err := p.run(ctx, kind)
		if err != nil {
			return nil, err
		}
		ran = append(ran, r)
	}
	return figuresOf(ran), nil
}
