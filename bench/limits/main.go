// Command limits measures how far the largest syncs stay below the limits of a Temporal
// server: events and bytes of histories, payloads, messages, pending activities. It makes
// a first run, a refresh, and a run of a fifth as many batches in which many are refused
// as a whole, each with a real server, a worker process and the simulated vendors, and reads
// the histories and all messages. It starts everything that it needs on this machine,
// and stops it again.
//
// What Temporal holds grows with the number of batches, not with that of members: a batch
// is one activity whose input and result are counts. So an audience with smaller batches
// shows the same; only the numbers in the counts have fewer digits.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"audiencesync/bench/command"
	"audiencesync/bench/table"
)

func main() {
	var (
		members int64
		batch   int
	)
	os.Exit(command.Benchmark{
		Name: "limits",
		Flags: func(set *flag.FlagSet) {
			set.Int64Var(&members, "members", 10_000_000, "size of the audience")
			set.IntVar(&batch, "batch", 1000, "members of a batch")
		},
		Check: func() error {
			if batch < 1 || batch > 1000 || members < int64(batch) {
				return errors.New("--batch is 1 to 1000, and --members at least one batch")
			}
			return nil
		},
		Measure: func(ctx context.Context, progress io.Writer) ([]table.Figure, error) {
			ran, err := large(members, batch).perform(ctx, progress)
			if err != nil {
				return nil, err
			}
			split, err := refusing(max(members/int64(batch)/splitPart, 1)).perform(ctx, progress)
			if err != nil {
				return nil, err
			}
			return figuresOf(append(ran, split...)), nil
		},
	}.Main())
}
