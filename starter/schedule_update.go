package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func (a *app) scheduleUpdateCommand() *cobra.Command {
	var when cadence
	command := &cobra.Command{
		Use:   "update SYNC.yaml",
		Short: "Bring a changed sync file, or other times, into the schedule of a sync",
		Long: `Bring the sync file into the schedule of the sync, which has pinned the one that it was
created or last updated with, and say which keys changed. Times, time zone, catch-up and
jitter stay as they are unless a flag gives another one. A schedule that is paused stays
paused, and a run that is going goes on with what it was started with.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			change := cadenceChange{when, cmd.Flags().Changed}
			if err := change.check(); err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.updateSchedule(cmd.Context(), c, args[0], spec, change)
		},
	}
	when.add(command)
	return command
}

// cadenceChange is what of a schedule's cadence is to be another one: what the
// flags give.
type cadenceChange struct {
	cadence

	given func(flag string) bool
}

func (w cadenceChange) check() error {
	switch {
	case w.given(everyFlag) && w.given(cronFlag):
		return usage("say when: either --every (for example 6h) or --cron (for example \"0 6 * * *\"), not both")
	case w.given(everyFlag) && w.every < shortestInterval:
		return usage("--every %s: the shortest interval is 1m", w.every)
	case w.given(cronFlag) && w.cron == "":
		return usage("--cron is empty: write five fields, or leave the flag out to keep the times as they are")
	case w.given(catchUpFlag) && w.catchUp < shortestCatchUp:
		return usage("--catch-up %s: the shortest window is 10s", w.catchUp)
	}
	return w.checkTimes()
}

// any reports whether anything is given.
func (w cadenceChange) any() bool {
	return w.given(everyFlag) || w.given(cronFlag) || w.given(timeZoneFlag) || w.given(catchUpFlag) || w.given(jitterFlag)
}

func (w cadenceChange) apply(schedule *client.Schedule) {
	if w.given(everyFlag) || w.given(cronFlag) {
		times := w.spec()
		schedule.Spec.CronExpressions, schedule.Spec.Intervals, schedule.Spec.Calendars = times.CronExpressions, times.Intervals, nil
	}
	if w.given(timeZoneFlag) {
		schedule.Spec.TimeZoneName = w.timeZone
	}
	if w.given(jitterFlag) {
		schedule.Spec.Jitter = w.jitter
	}
	if w.given(catchUpFlag) {
		schedule.Policy.CatchupWindow = w.catchUp
	}
}

// changed names the flags that made a schedule another one.
func (w cadenceChange) changed(before, after client.Schedule) []string {
	var flags []string
	for _, change := range []struct {
		flag string
		same bool
	}{
		{everyFlag, sameTimes(before.Spec, after.Spec)},
		{cronFlag, sameTimes(before.Spec, after.Spec)},
		{timeZoneFlag, before.Spec.TimeZoneName == after.Spec.TimeZoneName},
		{catchUpFlag, before.Policy.CatchupWindow == after.Policy.CatchupWindow},
		{jitterFlag, before.Spec.Jitter == after.Spec.Jitter},
	} {
		if w.given(change.flag) && !change.same {
			flags = append(flags, "--"+change.flag)
		}
	}
	return flags
}

// sameTimes compares times as the server describes them: cron expressions are
// calendars there.
func sameTimes(a, b *client.ScheduleSpec) bool {
	return reflect.DeepEqual(a.Calendars, b.Calendars) && reflect.DeepEqual(a.Intervals, b.Intervals) &&
		reflect.DeepEqual(a.CronExpressions, b.CronExpressions)
}

// updateSchedule brings the sync in a file into its schedule.
func (a *app) updateSchedule(ctx context.Context, c client.Client, file string, spec config.Sync, change cadenceChange) error {
	handle := c.ScheduleClient().GetHandle(ctx, workflows.SyncID(spec.Sync))
	var before client.Schedule
	var keys []string
	err := handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		before = in.Description.Schedule
		pinned, err := pinnedSpec(before)
		if err != nil {
			return nil, err
		}
		if keys, err = specDifferences(pinned, spec); err != nil {
			return nil, err
		}
		if len(keys) == 0 && !change.any() {
			return nil, temporal.ErrSkipScheduleUpdate
		}
		after, times, policy := before, *before.Spec, *before.Policy
		after.Spec, after.Policy, after.Action = &times, &policy, dueRunOf(spec)
		change.apply(&after)
		return &client.ScheduleUpdate{Schedule: &after}, nil
	}})
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return usage("sync %s has no schedule: create it with: audiencesync schedule create %s --every 6h", spec.Sync, file)
	}
	if err != nil {
		return &exitError{code: exitFailed, err: fmt.Errorf("updating the schedule of sync %s: %w", spec.Sync, err)}
	}
	now, err := handle.Describe(ctx)
	if err != nil {
		return &exitError{code: exitFailed, err: fmt.Errorf("describing the schedule of sync %s: %w", spec.Sync, err)}
	}
	line := scheduleLine{Sync: spec.Sync, Paused: now.Schedule.State.Paused, Next: now.Info.NextActionTimes}
	if line.Paused {
		line.Note = now.Schedule.State.Note
	}
	return a.printUpdated(shownUpdate{Changed: slices.Concat(keys, change.changed(before, now.Schedule)), scheduleLine: line})
}

// shownUpdate is an update of a schedule as it is printed.
type shownUpdate struct {
	scheduleLine

	// Changed names keys of the sync file, and flags.
	Changed []string `json:"changed"`
}

func (a *app) printUpdated(updated shownUpdate) error {
	if a.output == outputJSON {
		if updated.Changed == nil {
			updated.Changed = []string{}
		}
		return a.printJSON(updated)
	}
	if len(updated.Changed) == 0 {
		a.say("the schedule of sync %s is up to date: nothing changed", updated.Sync)
	} else {
		a.say("the schedule of sync %s is updated", updated.Sync)
		if _, err := fmt.Fprintf(a.stdout, "changed: %s\n", strings.Join(updated.Changed, ", ")); err != nil {
			return err
		}
	}
	if updated.Paused {
		a.say("it is %s: it starts no run before somebody unpauses it", state(updated.scheduleLine))
	}
	return a.printNext(updated.Next)
}

// pinnedSpec returns the spec that a schedule starts runs with.
func pinnedSpec(schedule client.Schedule) (config.Sync, error) {
	action, ok := schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || len(action.Args) != 1 {
		return config.Sync{}, errNotOurs
	}
	payload, ok := action.Args[0].(*commonpb.Payload)
	if !ok {
		return config.Sync{}, errNotOurs
	}
	var in workflows.DueRunInput
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &in); err != nil || in.Spec.Sync == "" {
		return config.Sync{}, errNotOurs
	}
	return in.Spec, nil
}

var errNotOurs = errors.New("it starts something else than runs of a sync: delete it with audiencesync schedule delete, and create it again")

// mostKeysTold bounds the keys of one line.
const mostKeysTold = 5

// tellPinned says, in one line, that the sync's schedule goes on with another sync
// than the file's. To know it is worth no failure: who cannot be asked is not told of.
func (a *app) tellPinned(ctx context.Context, c client.Client, file string, spec config.Sync) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	description, err := c.ScheduleClient().GetHandle(ctx, workflows.SyncID(spec.Sync)).Describe(ctx)
	if err != nil {
		return
	}
	pinned, err := pinnedSpec(description.Schedule)
	if err != nil {
		return
	}
	keys, err := specDifferences(pinned, spec)
	if err != nil || len(keys) == 0 {
		return
	}
	told := strings.Join(keys[:min(mostKeysTold, len(keys))], ", ")
	if more := len(keys) - mostKeysTold; more > 0 {
		told += fmt.Sprintf(" and %d more", more)
	}
	a.say("note: the schedule of sync %s goes on with another sync file than this one (%s); bring this one over with: audiencesync schedule update %s",
		spec.Sync, told, file)
}
