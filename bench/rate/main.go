// Command rate measures how syncs and workers share the request rate of one
// workspace: three workers and three syncs under a limit of 10 requests per
// second. It starts everything that it needs on this machine, and stops it again.
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

	"audiencesync/bench/stage"
	"audiencesync/bench/table"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
	// exitMissed: the syncs ran, and a goal was not met.
	exitMissed = 3
)

// The workspace and who talks to it.
const (
	workers = 3
	syncs   = 3
	// perSecond is both the limit of Hello Charles and the setting of the
	// connections.
	perSecond = 10
	// burst is the bucket of the limit: a second's worth.
	burst = perSecond
	// batchSize is small, so that there are enough requests.
	batchSize = 5
	// warmUp is how many requests each sync has sent before anything is measured.
	warmUp = 5
)

// Told delays come one after the other, with a time to recover.
const (
	toldDelays = 4
	toldDelay  = 2 * time.Second
	recovery   = 4 * time.Second
	// reading is the time that a worker has to read a 429 and to write it into
	// the ledger, for the others.
	reading = 50 * time.Millisecond
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("rate", flag.ContinueOnError)
	set.SetOutput(stderr)
	long := set.Duration("at-the-limit", time.Minute, "how long the rate is measured")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitUsage
	}
	figures, err := measure(ctx, *long, stderr)
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

// measure runs the syncs side by side and watches what reaches Hello Charles.
func measure(ctx context.Context, long time.Duration, progress io.Writer) (figures []table.Figure, err error) {
	built, err := stage.New(ctx, "rate", progress)
	if err != nil {
		return nil, err
	}
	s := &play{Stage: built}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.start(ctx, membersFor(long)); err != nil {
		return nil, err
	}
	runs, err := s.startSyncs()
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx, runs, "all syncs were sending", s.gate.warm); err != nil {
		return nil, err
	}
	s.Say("measuring the rate for %s", long)
	first := time.Now()
	if err := s.pass(ctx, runs, long, "the rate was measured; run it on a machine that has more time"); err != nil {
		return nil, err
	}
	second := time.Now()
	s.Say("%d told delays of %s", toldDelays, toldDelay)
	for range toldDelays {
		s.gate.hold(toldDelay)
		if err := s.pass(ctx, runs, toldDelay+recovery, "the told delays were over"); err != nil {
			return nil, err
		}
	}
	third := time.Now()
	s.Say("waiting for the end of the syncs")
	if err := finish(ctx, runs); err != nil {
		return nil, err
	}
	return figuresOf(s.gate.between(first, second), second.Sub(first), s.gate.between(second, third)), nil
}

// membersFor is an audience that lasts for all of it: a third of the requests
// for each sync, and some more.
func membersFor(long time.Duration) int64 {
	needed := long + toldDelays*recovery + 20*time.Second
	return int64(needed.Seconds()*perSecond/syncs) * batchSize
}
