package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func (a *app) scheduleCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "schedule",
		Short: "Run a sync again and again",
	}
	command.AddCommand(a.scheduleCreateCommand(), a.scheduleUpdateCommand(), a.scheduleListCommand(), a.scheduleDeleteCommand())
	return command
}

// cadence is when a schedule fires.
type cadence struct {
	every    time.Duration
	cron     string
	timeZone string
	catchUp  time.Duration
	jitter   time.Duration
}

func (a *app) scheduleCreateCommand() *cobra.Command {
	var when cadence
	command := &cobra.Command{
		Use:   "create SYNC.yaml",
		Short: "Create the schedule of a sync",
		Long: `Create the schedule of a sync, by interval (--every 6h) or by cron (--cron "0 6 * * *").
The sync file is pinned in the schedule: after changing it, bring it over with
"audiencesync schedule update SYNC.yaml".
A due time while a run is going waits for that run; it runs again afterwards only if the
run had opened its read before the due time.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			if err := when.check(); err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.createSchedule(cmd.Context(), c, args[0], spec, when)
		},
	}
	when = cadence{timeZone: "UTC", catchUp: time.Hour}
	when.add(command)
	return command
}

// Names of the flags of a cadence.
const (
	everyFlag    = "every"
	cronFlag     = "cron"
	timeZoneFlag = "time-zone"
	catchUpFlag  = "catch-up"
	jitterFlag   = "jitter"
)

// add makes flags of a cadence, whose values are their defaults.
func (w *cadence) add(command *cobra.Command) {
	flags := command.Flags()
	flags.DurationVar(&w.every, everyFlag, w.every, "interval, for example 6h")
	flags.StringVar(&w.cron, cronFlag, w.cron, "cron expression of five fields, for example \"0 6 * * 1-5\"")
	flags.StringVar(&w.timeZone, timeZoneFlag, w.timeZone, "time zone of --cron, for example Europe/Berlin")
	flags.DurationVar(&w.catchUp, catchUpFlag, w.catchUp, "how late a missed run may still start after an outage")
	flags.DurationVar(&w.jitter, jitterFlag, w.jitter, "random delay of each start, at the most")
}

func (w cadence) check() error {
	if (w.every == 0) == (w.cron == "") {
		return usage("say when: either --every (for example 6h) or --cron (for example \"0 6 * * *\")")
	}
	if w.every != 0 && w.every < shortestInterval {
		return usage("--every %s: the shortest interval is 1m", w.every)
	}
	if w.catchUp < shortestCatchUp {
		return usage("--catch-up %s: the shortest window is 10s", w.catchUp)
	}
	return w.checkTimes()
}

// The least that a schedule may be told.
const (
	shortestInterval = time.Minute
	shortestCatchUp  = 10 * time.Second
)

func (w cadence) checkTimes() error {
	if w.cron != "" && len(strings.Fields(w.cron)) != 5 {
		return usage("--cron %q: write five fields: minute, hour, day of month, month, day of week", w.cron)
	}
	if _, err := time.LoadLocation(w.timeZone); err != nil {
		return usage("--time-zone %q: write a name like Europe/Berlin", w.timeZone)
	}
	return nil
}

func (w cadence) spec() client.ScheduleSpec {
	spec := client.ScheduleSpec{Jitter: w.jitter, TimeZoneName: w.timeZone}
	if w.cron != "" {
		spec.CronExpressions = []string{w.cron}
	} else {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: w.every}}
	}
	return spec
}

// dueRunOf is what the schedule of a sync starts, with the spec pinned in it.
func dueRunOf(spec config.Sync) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID:            workflows.DueID(spec.Sync),
		Workflow:      workflows.DueRun,
		Args:          []any{workflows.DueRunInput{Spec: spec}},
		TaskQueue:     workflows.TaskQueue,
		StaticSummary: workflows.Summary(spec),
		StaticDetails: workflows.Details(workflows.AudienceSyncInput{Spec: spec, Scheduled: true}),
	}
}

// createSchedule creates the schedule of the sync in a file.
func (a *app) createSchedule(ctx context.Context, c client.Client, file string, spec config.Sync, when cadence) error {
	handle, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:     workflows.SyncID(spec.Sync),
		Spec:   when.spec(),
		Action: dueRunOf(spec),
		// Due times that come while a run is going become one run afterwards.
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
		CatchupWindow: when.catchUp,
	})
	switch {
	case errors.Is(err, temporal.ErrScheduleAlreadyRunning):
		return usage("sync %s has a schedule already: bring the sync file, or other times, over with: audiencesync schedule update %s", spec.Sync, file)
	case err != nil:
		return &exitError{code: exitFailed, err: fmt.Errorf("creating the schedule of sync %s: %w", spec.Sync, err)}
	}
	description, err := handle.Describe(ctx)
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	return a.printScheduled(spec.Sync, description.Info.NextActionTimes)
}

func (a *app) printScheduled(sync string, next []time.Time) error {
	if a.output == outputJSON {
		return a.printJSON(scheduleLine{Sync: sync, Next: next})
	}
	a.say("sync %s is scheduled", sync)
	return a.printNext(next)
}

// printNext tells the next times at which a schedule starts its sync.
func (a *app) printNext(next []time.Time) error {
	for _, at := range next[:min(3, len(next))] {
		if _, err := fmt.Fprintf(a.stdout, "next run: %s\n", at.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

// scheduleLine is a schedule as lists show it.
type scheduleLine struct {
	Sync   string      `json:"sync"`
	Paused bool        `json:"paused"`
	Note   string      `json:"note,omitempty"`
	Next   []time.Time `json:"next"`
	Last   []time.Time `json:"last,omitempty"`
}

func (a *app) scheduleListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the schedules of all syncs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.dial(cmd.Context(), "")
			if err != nil {
				return err
			}
			defer c.Close()
			lines, err := listSchedules(cmd.Context(), c)
			if err != nil {
				return &exitError{code: exitFailed, err: fmt.Errorf("listing schedules: %w", err)}
			}
			return a.printSchedules(lines)
		},
	}
}

func listSchedules(ctx context.Context, c client.Client) ([]scheduleLine, error) {
	list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return nil, err
	}
	lines := []scheduleLine{}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return nil, err
		}
		sync, ours := workflows.SyncOf(entry.ID)
		if !ours {
			continue
		}
		line := scheduleLine{Sync: sync, Paused: entry.Paused, Note: entry.Note, Next: append([]time.Time{}, entry.NextActionTimes...)}
		for _, action := range entry.RecentActions {
			line.Last = append(line.Last, action.ActualTime)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (a *app) printSchedules(lines []scheduleLine) error {
	if a.output == outputJSON {
		return a.printJSON(lines)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"sync", "next run", "last run", "state"})
	for _, line := range lines {
		t.AppendRow(table.Row{line.Sync, first(line.Next), last(line.Last), state(line)})
	}
	_, err := fmt.Fprintln(a.stdout, t.Render())
	return err
}

func first(times []time.Time) string {
	if len(times) == 0 {
		return "-"
	}
	return times[0].Format(time.RFC3339)
}

func last(times []time.Time) string {
	if len(times) == 0 {
		return "-"
	}
	return times[len(times)-1].Format(time.RFC3339)
}

func state(line scheduleLine) string {
	if line.Paused {
		return strings.TrimSpace("paused " + line.Note)
	}
	return "active"
}

func (a *app) scheduleDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "delete SYNC",
		Short: "Delete the schedule of a sync; a run that is going goes on",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := syncName(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer c.Close()
			err = c.ScheduleClient().GetHandle(cmd.Context(), workflows.SyncID(name)).Delete(cmd.Context())
			var missing *serviceerror.NotFound
			switch {
			case errors.As(err, &missing):
				return usage("sync %s has no schedule", name)
			case err != nil:
				return &exitError{code: exitFailed, err: fmt.Errorf("deleting the schedule of sync %s: %w", name, err)}
			}
			a.say("the schedule of sync %s is deleted", name)
			return nil
		},
	}
}
