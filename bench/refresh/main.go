// Command refresh measures what it costs to keep a large audience up to date: a
// first run in mode mirror, a refresh in which nothing changed, one in which 1 %
// of the members changed, and one in which 1 % left. It starts everything that it
// needs on this machine, and stops it again.
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
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

const (
	batchSize = 1000 // the default of connections
	// latency of each contact call; eight are in flight.
	latency = 100 * time.Millisecond
	// Of a thousand members, 9 have no usable phone number and 3 a bad email
	// address; that Hello Charles refuses 38 of the 983 that are sent makes 50.
	refusedShare = 38.0 / 983
	// share of the people who change, and of those who leave.
	share = 0.01
)

func main() {
	var members int64
	os.Exit(command.Benchmark{
		Name: "refresh",
		Flags: func(set *flag.FlagSet) {
			set.Int64Var(&members, "members", 1_000_000, "size of the audience; below 10,000 the share of known failures varies")
		},
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

// measure makes the runs one after the other and returns what they sent.
func measure(ctx context.Context, members int64, progress io.Writer) (figures []table.Figure, err error) {
	built, err := stage.New(ctx, "refresh", progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, built.Stop()) }()
	vendors := simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, Seed: 1}, Faults: wrong()}
	// The segment counts what is expected, so it is not listed: that takes as long
	// however little has changed.
	mirror, err := stage.NewMirror(ctx, built, vendors, "  poll: 1s\n", "  poll: 1s\n  compare: when_different\n")
	if err != nil {
		return nil, err
	}
	if err := mirror.StartWorker(ctx); err != nil {
		return nil, err
	}
	p := &play{mirror}
	var runs [len(refreshes)]ran
	for i, refresh := range refreshes {
		if runs[i], err = p.run(ctx, i+1, refresh); err != nil {
			return nil, err
		}
	}
	return figuresOf(runs, count(mirror.Simulator.Crowd(), refreshes[len(refreshes)-1], wrong().Refuses)), nil
}

// wrong is what goes wrong: contact calls take long, and some contacts are refused.
func wrong() simulator.Faults {
	return simulator.Faults{
		Rules: []faults.Rule{{
			Match: faults.Match{Side: faults.Charles, Path: "/api/v1beta/contacts"}, Latency: faults.Duration(latency),
		}},
		Refuse: []faults.Refusal{{Share: refusedShare, Code: "contact_blocked"}},
	}
}
