package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/runreport"
)

func (a *app) historyCommand() *cobra.Command {
	var f dataFlags
	var limit int
	command := &cobra.Command{
		Use:   "history SYNC",
		Short: "List the runs of a sync: verdicts, sizes, failures, and how far the segment was off",
		Long: `List the runs of a sync, newest first: how each ended, how many members were reported,
read and sent, failures that are new and that were known, leavers unmarked, and what was
expected and counted in the segment. Drift is counted minus expected.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			if limit < 1 {
				return usage("--limit %d: write a number of runs", limit)
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				history, err := runreport.History(cmd.Context(), l, sync, 0, limit)
				if err != nil {
					return dataError(err)
				}
				if a.output == outputJSON {
					return a.printJSON(history)
				}
				a.sayZone()
				return writeHistory(a.stdout, history)
			})
		},
	}
	f.add(command)
	command.Flags().IntVar(&limit, "limit", 20, "at most so many, the newest ones")
	return command
}

func writeHistory(w io.Writer, history []runreport.Past) error {
	header := table.Row{"run", "started", "took", "end", "reported", "read", "sent", "new failures", "known", "unmarked", "expected", "counted", "drift"}
	t := newTable()
	t.AppendHeader(header)
	columns := make([]table.ColumnConfig, 0, len(header))
	for _, name := range header {
		if name != "started" && name != "end" {
			columns = append(columns, table.ColumnConfig{Name: fmt.Sprint(name), Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(columns)
	for _, past := range history {
		row := table.Row{past.Run, past.StartedAt.Local().Format(time.DateTime)}
		if past.Account == nil {
			row = append(row, "-", string(past.State))
		} else {
			took := time.Duration(past.Seconds * float64(time.Second)).Round(100 * time.Millisecond)
			row = append(row, took, past.End(), orDash(past.Reported), audience.Thousands(past.Read), audience.Thousands(past.Sent),
				audience.Thousands(past.NewFailures), audience.Thousands(past.KnownFailures), audience.Thousands(past.Removed),
				audience.Thousands(past.Expected), orDash(past.Counted), orDash(past.Drift))
		}
		t.AppendRow(row)
	}
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}

func orDash(n *int64) string {
	if n == nil {
		return "-"
	}
	return audience.Thousands(*n)
}
