// Command memory measures what a large sync costs: the worker's peak memory and
// the length of Temporal's histories, against the goals of this project. It
// starts everything that it needs on this machine, and stops it again.
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
)

func main() {
	var members int64
	os.Exit(command.Benchmark{
		Name:  "memory",
		Flags: func(set *flag.FlagSet) { set.Int64Var(&members, "members", 1_000_000, "size of the audience") },
		Measure: func(ctx context.Context, progress io.Writer) ([]table.Figure, error) {
			return measure(ctx, members, progress)
		},
	}.Main())
}

// measure runs one sync of so many members and returns what it cost.
func measure(ctx context.Context, members int64, progress io.Writer) (figures []table.Figure, err error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the memory of a process is read from /proc, which only Linux has")
	}
	built, err := stage.New(ctx, "memory", progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, built.Stop()) }()
	s := &play{Stage: built}
	if err := s.start(ctx, members); err != nil {
		return nil, err
	}
	ended, err := s.sync(ctx)
	if err != nil {
		return nil, err
	}
	histories, err := s.histories(ctx, ended.report.Sync)
	if err != nil {
		return nil, err
	}
	return figuresOf(ended, histories), nil
}
