// Command faults lets everything go wrong that the vendors, the network, the ledger and
// the clocks can do to a run, each several times at moments that follow from a seed, and
// looks whether the run ends with the true verdict or with a clear failure, and whether
// the next one makes everything right. It starts everything that it needs on this
// machine, and stops it again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
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

// run plays the cells, writes the matrix and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var seeds int
	var seed uint64
	var only string
	set := flag.NewFlagSet("faults", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&seeds, "seeds", 5, "how many seeds")
	set.Uint64Var(&seed, "seed", 1, "the first seed; a cell follows from its fault and its seed")
	set.StringVar(&only, "only", "", "play only faults whose names match this regular expression")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return command.ExitUsage
	}
	pattern, err := regexp.Compile(only)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "error: --only:", err)
		return command.ExitUsage
	}
	rows := chosen(pattern)
	if seeds < 1 || len(rows) == 0 {
		_, _ = fmt.Fprintln(stderr, "error: --seeds is at least 1, and --only matches a fault")
		return command.ExitUsage
	}
	began := time.Now()
	var cells []coordinates
	for i := range seeds {
		for _, fault := range rows {
			cells = append(cells, coordinates{fault, seed + uint64(i)})
		}
	}
	results, err := play(ctx, cells, stderr)
	if len(results) > 0 {
		_, _ = fmt.Fprint(stdout, render(results))
		_, _ = fmt.Fprintf(stdout, "%s, in %s\n", summary(results), time.Since(began).Round(time.Second))
	}
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return command.ExitFailed
	case broken(results) > 0:
		return command.ExitMissed
	}
	return 0
}

// chosen are the faults whose names match.
func chosen(pattern *regexp.Regexp) (rows []*fault) {
	for _, f := range catalogue() {
		if pattern.MatchString(f.title()) {
			rows = append(rows, f)
		}
	}
	return rows
}
