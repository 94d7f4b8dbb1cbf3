package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/schedule"
)

func (a *app) scheduleListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the schedules of all syncs: when they act next, and how that ended last",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.dial(cmd.Context(), "")
			if err != nil {
				return err
			}
			defer c.Close()
			lines, err := a.listSchedules(cmd.Context(), c)
			if err != nil {
				return &exitError{code: exitFailed, err: fmt.Errorf("listing schedules: %w", err)}
			}
			return a.printSchedules(lines)
		},
	}
}

// scheduleLine is a schedule as lists show it.
type scheduleLine struct {
	shownSchedule

	// Last is nil where it has never acted.
	Last *schedule.Last `json:"last,omitempty"`
	// Missed counts due times that Temporal came to too late, LeftOut those that came
	// while others were waiting.
	Missed  int `json:"missed"`
	LeftOut int `json:"left_out"`
}

// listSchedules returns the schedules of all syncs by name, runs before proofs.
func (a *app) listSchedules(ctx context.Context, c client.Client) ([]scheduleLine, error) {
	all, others, err := schedule.All(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, id := range others {
		a.say("note: the schedule %s is left out: %s", id, schedule.ErrNotOurs)
	}
	slices.SortFunc(all, func(x, y schedule.Found) int {
		return cmp.Or(cmp.Compare(x.Sync, y.Sync), -cmp.Compare(x.Kind, y.Kind))
	})
	lines := make([]scheduleLine, 0, len(all))
	for i := range all {
		line := scheduleLine{Missed: all[i].Missed(), LeftOut: all[i].LeftOut()}
		if line.shownSchedule, err = a.show(ctx, c, &all[i], nextShown); err != nil {
			return nil, err
		}
		if line.Last, err = all[i].Newest(ctx, c); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (a *app) printSchedules(lines []scheduleLine) error {
	if a.output == outputJSON {
		return a.printJSON(lines)
	}
	rows := make([]table.Row, 0, len(lines))
	for _, line := range lines {
		last, end := "-", "-"
		if line.Last != nil {
			last, end = line.Last.FiredAt.Format(time.RFC3339), endInWord(line.Last.Ended)
		}
		next := "-"
		if len(line.Next) > 0 && !line.Paused {
			next = line.Next[0].Format(time.RFC3339)
		}
		rows = append(rows, table.Row{line.Sync, line.Kind, line.When, next, last, end, line.Missed, state(line.Paused, line.Note)})
	}
	return writeTable(a.stdout, table.Row{"sync", "starts", "when", "next", "last", "end", "missed", "state"}, rows)
}
