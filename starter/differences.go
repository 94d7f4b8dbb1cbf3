package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func (a *app) differencesCommand() *cobra.Command {
	var f dataFlags
	var run int64
	command := &cobra.Command{
		Use:   "differences SYNC",
		Short: "Name the contacts about which Hello Charles and the ledger differ",
		Long: `Name the references about which the segment and the ledger differed when a run compared
them, at most 10,000 of each kind:

  not_visible    accepted, and never seen in the segment: the next run sends it again
  gone           seen in the segment earlier, and not there any more: left alone
  merged         its contact holds another reference of the audience too
  still_visible  left and was unmarked, and is in the segment all the same: the next run
                 unmarks it again
  foreign        in the segment, and not marked by this sync

and, found by an audit:

  missing      in the audience, and not in the segment
  foreign      in the segment, and not in the audience
  excluded     in the segment, and the filter keeps it out
  left         in the segment and marked by this sync, and not in the audience any more

and, of the sample that a run has read back:

  differs        does not hold something that the run has sent
  changed_since  does not hold any more something that was sent earlier
  absent         is not there

Values are not kept: audiencesync trace SYNC.yaml --reference R shows what was sent and
what is held.

This is contact data: it is read from the ledger and never passes through Temporal.`,
		Args:        oneArgument,
		Annotations: map[string]string{outputCSV: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				return dataError(a.listDifferences(cmd.Context(), l, sync, run))
			})
		},
	}
	f.add(command)
	command.Flags().Int64Var(&run, "run", 0, "number of the run (default the newest that is no plan)")
	return command
}

func (a *app) listDifferences(ctx context.Context, l *ledger.Ledger, sync string, number int64) error {
	run, err := l.ComparingRun(ctx, sync, number)
	if err != nil {
		return err
	}
	found, err := l.Differences(ctx, sync, run.Number)
	if err != nil {
		return err
	}
	switch {
	case len(found) == 0:
		a.say("%s", whyNoDifferences(run))
	case a.output == outputTable:
		a.say("%s has found %s", theRun(run), audience.Count(len(found), "difference", "differences"))
	}
	switch a.output {
	case outputJSON:
		if found == nil {
			found = []ledger.Difference{}
		}
		return a.printJSON(found)
	case outputCSV:
		lines := csv.NewWriter(a.stdout)
		rows := [][]string{{"kind", "reference"}}
		for _, d := range found {
			rows = append(rows, []string{string(d.Kind), d.Reference})
		}
		return lines.WriteAll(rows)
	default:
		return writeDifferences(a.stdout, found)
	}
}

// whyNoDifferences says whether a run without differences has compared anything.
func whyNoDifferences(run ledger.RunRecord) string {
	switch r := run.Report; {
	case run.State == ledger.RunOpen:
		return fmt.Sprintf("%s has compared nothing yet", theRun(run))
	case r == nil:
		return fmt.Sprintf("nothing was compared in %s: it has no report", theRun(run))
	case r.Segment.Comparison != nil:
		return fmt.Sprintf("no differences: %s has compared the segment, contact by contact", theRun(run))
	case r.ReadBack != nil && r.ReadBack.Sampled > r.ReadBack.Unread:
		return fmt.Sprintf("no differences in the sample that %s has read back; the segment was not compared", theRun(run))
	case r.Segment.NotCompared != "":
		return fmt.Sprintf("nothing was compared in %s: %s", theRun(run), r.Segment.NotCompared)
	default:
		return "nothing was compared in " + theRun(run)
	}
}

func writeDifferences(w io.Writer, found []ledger.Difference) error {
	if len(found) == 0 {
		return nil
	}
	rows := make([]table.Row, len(found))
	for i, d := range found {
		rows[i] = table.Row{d.Kind, printable(d.Reference, "")}
	}
	return writeTable(w, table.Row{"kind", "reference"}, rows)
}
