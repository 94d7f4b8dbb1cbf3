package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/table"
)

func TestTheExitCodeSaysWhetherEveryGoalWasMet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args    []string
		figures []table.Figure
		err     error
		code    int
	}{
		"met":          {figures: []table.Figure{table.Goal("a", "1", "at most 2", true), table.Told("b", "7")}, code: 0},
		"missed":       {figures: []table.Figure{table.Goal("a", "1", "at most 2", true), table.Goal("b", "3", "at most 2", false)}, code: ExitMissed},
		"not measured": {err: errors.New("no server"), code: ExitFailed},
		"unknown flag": {args: []string{"--nothing"}, code: ExitUsage},
		"bad flag":     {args: []string{"--n", "0"}, code: ExitUsage},
		"help":         {args: []string{"--help"}, code: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			var n int
			b := Benchmark{
				Name:  "example",
				Flags: func(set *flag.FlagSet) { set.IntVar(&n, "n", 1, "how many") },
				Check: func() error {
					if n < 1 {
						return errors.New("--n is at least 1")
					}
					return nil
				},
				Measure: func(context.Context, io.Writer) ([]table.Figure, error) { return c.figures, c.err },
			}
			require.Equal(t, c.code, b.Run(t.Context(), c.args, &stdout, &stderr), stderr.String())
			require.Equal(t, c.figures != nil, stdout.Len() > 0, "a table of what was measured, and of nothing else")
		})
	}
}
