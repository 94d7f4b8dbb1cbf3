// Command mapping measures what it costs to turn members into contacts:
// decoding the records of an export, mapping them and encoding batches, against
// encoding/json doing nothing but decode and encode the same bytes.
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

func main() { os.Exit(benchmark().Main()) }

func benchmark() command.Benchmark {
	var members int64
	var rounds int
	return command.Benchmark{
		Name: "mapping",
		Flags: func(set *flag.FlagSet) {
			set.Int64Var(&members, "members", 2_000, "size of the audience")
			set.IntVar(&rounds, "rounds", 51, "how often everything is measured")
		},
		Check: func() error {
			if members < 1 || rounds < 1 {
				return errors.New("--members and --rounds are at least 1")
			}
			return nil
		},
		Measure: func(ctx context.Context, _ io.Writer) ([]table.Figure, error) { return measure(ctx, members, rounds) },
	}
}
