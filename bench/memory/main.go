// Command memory measures what a large sync costs: the worker's peak memory and
// the length of Temporal's histories, against the goals of this project. It
// starts everything that it needs on this machine, and stops it again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"audiencesync/bench/stage"
	"audiencesync/bench/table"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
	// exitMissed: the sync ran, and a goal was not met.
	exitMissed = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("memory", flag.ContinueOnError)
	set.SetOutput(stderr)
	members := set.Int64("members", 1_000_000, "size of the audience")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitUsage
	}
	figures, err := measure(ctx, *members, stderr)
	if err == nil {
		err = table.Write(stdout, figures)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return exitFailed
	}
	if !table.AllMet(figures) {
		return exitMissed
	}
	return 0
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
