// Package command is what all benchmarks have in common as commands: flags, the
// table, and the exit code.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"audiencesync/bench/table"
)

// Exit codes. Zero is that every goal was met.
const (
	ExitFailed = 1
	ExitUsage  = 2
	// ExitMissed: all was measured, and a goal was not met.
	ExitMissed = 3
)

// Benchmark is one of the commands.
type Benchmark struct {
	Name string
	// Flags declares flags; nil has none.
	Flags func(*flag.FlagSet)
	// Check refuses flags that make no sense; nil takes all.
	Check func() error
	// Measure tells progress what it does and returns the figures.
	Measure func(ctx context.Context, progress io.Writer) ([]table.Figure, error)
}

// Main runs the benchmark with the arguments of the process until it ends or is
// interrupted, and returns the exit code.
func (b Benchmark) Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return b.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// Run runs the benchmark, writes its table and returns the exit code.
func (b Benchmark) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet(b.Name, flag.ContinueOnError)
	set.SetOutput(stderr)
	if b.Flags != nil {
		b.Flags(set)
	}
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return ExitUsage
	}
	if b.Check != nil {
		if err := b.Check(); err != nil {
			_, _ = fmt.Fprintln(stderr, "error:", err)
			return ExitUsage
		}
	}
	figures, err := b.Measure(ctx, stderr)
	if err == nil {
		err = table.Write(stdout, figures)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return ExitFailed
	}
	if !table.AllMet(figures) {
		return ExitMissed
	}
	return 0
}
