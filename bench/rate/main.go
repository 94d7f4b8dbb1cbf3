// Command rate measures how syncs and workers share the request rate of one
// workspace: three workers and three syncs under a limit of 10 requests per
// second. It starts everything that it needs on this machine, and stops it again.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"audiencesync/bench/command"
	"audiencesync/bench/stage"
	"audiencesync/bench/table"
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
	// warmUpWithin bounds the wait for that: a sync that gets no turn is measured.
	warmUpWithin = 30 * time.Second
	// apart is the most between the starts of the first and the last sync.
	apart = time.Minute
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
	var long time.Duration
	os.Exit(command.Benchmark{
		Name: "rate",
		Flags: func(set *flag.FlagSet) {
			set.DurationVar(&long, "at-the-limit", time.Minute, "how long the rate is measured")
		},
		Measure: func(ctx context.Context, progress io.Writer) ([]table.Figure, error) {
			return measure(ctx, long, progress)
		},
	}.Main())
}

// measure runs the syncs side by side and watches what reaches Hello Charles.
func measure(ctx context.Context, long time.Duration, progress io.Writer) (figures []table.Figure, err error) {
	built, err := stage.New(ctx, "rate", progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, built.Stop()) }()
	s := &play{Stage: built}
	if err := s.start(ctx, membersFor(long)); err != nil {
		return nil, err
	}
	runs, err := s.startSyncs()
	if err != nil {
		return nil, err
	}
	if err := s.warmUp(ctx, runs); err != nil {
		return nil, err
	}
	s.Say("measuring the rate for %s", long)
	first := time.Now()
	if err := s.pass(ctx, runs, long, "the rate was measured"); err != nil {
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
	s.Say("ending the syncs")
	if err := s.cancel(ctx, runs); err != nil {
		return nil, err
	}
	return figuresOf(s.gate.between(first, second), second.Sub(first), s.gate.between(second, third)), nil
}

// membersFor is an audience that lasts for all of it, even for a sync that takes
// the whole rate: so unfair a share is to be seen. Of ten members at least nine
// can be sent.
func membersFor(long time.Duration) int64 {
	whole := apart + warmUpWithin + long + toldDelays*(toldDelay+recovery)
	return int64(whole.Seconds()*perSecond) * batchSize * 10 / 9
}
