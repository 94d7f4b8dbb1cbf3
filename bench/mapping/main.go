// Command mapping measures what it costs to turn members into contacts:
// decoding the records of an export, mapping them and encoding batches, against
// encoding/json doing nothing but decode and encode the same bytes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"audiencesync/bench/table"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
	// exitMissed: all was measured, and a goal was not met.
	exitMissed = 3
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("mapping", flag.ContinueOnError)
	set.SetOutput(stderr)
	members := set.Int64("members", 2_000, "size of the audience")
	rounds := set.Int("rounds", 51, "how often everything is measured")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitUsage
	}
	if *members < 1 || *rounds < 1 {
		_, _ = fmt.Fprintln(stderr, "error: --members and --rounds are at least 1")
		return exitUsage
	}
	figures, err := measure(ctx, *members, *rounds)
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
