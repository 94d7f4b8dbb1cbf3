// Command chaos kills real processes in the middle of runs, at random and at named
// points, and looks whether everything that the project promises is still true. Each
// round follows from its seed. It starts everything that it needs on this machine,
// kills nothing else, and stops it again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"audiencesync/bench/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the rounds, writes their table and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var rounds int
	var seed uint64
	set := flag.NewFlagSet("chaos", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&rounds, "rounds", 100, "how many rounds")
	set.Uint64Var(&seed, "seed", 1, "seed of the first round; each round has the next one, so --rounds 1 --seed N plays one again")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return command.ExitUsage
	}
	if rounds < 1 {
		_, _ = fmt.Fprintln(stderr, "error: --rounds is at least 1")
		return command.ExitUsage
	}
	began := time.Now()
	seeds := make([]uint64, rounds)
	for i := range seeds {
		seeds[i] = seed + uint64(i)
	}
	results, err := play(ctx, seeds, stderr)
	if len(results) > 0 {
		_, _ = fmt.Fprint(stdout, render(results))
		_, _ = fmt.Fprintf(stdout, "%d of %d rounds kept every promise, in %s\n", kept(results), rounds, time.Since(began).Round(time.Second))
	}
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return command.ExitFailed
	case kept(results) < rounds:
		return command.ExitMissed
	}
	return 0
}

// play plays the rounds of the seeds one after the other, with programs built with
// these flags.
func play(ctx context.Context, seeds []uint64, progress io.Writer, flags ...string) (results []result, err error) {
	g, err := newGround(ctx, progress, flags...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	for i, seed := range seeds {
		if ctx.Err() != nil {
			return results, ctx.Err()
		}
		r := g.round(ctx, seed)
		_, _ = fmt.Fprintf(progress, "%3d of %d  %s\n", i+1, len(seeds), r.line())
		results = append(results, r)
	}
	return results, nil
}
