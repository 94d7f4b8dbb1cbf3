package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
)

func (a *app) scheduleUpdateCommand() *cobra.Command {
	var when cadenceFlags
	var which kindFlag
	command := &cobra.Command{
		Use:   "update SYNC.yaml",
		Short: "Bring a changed sync file, or other times, into the schedule of a sync",
		Long: `Bring the sync file into the schedules of the sync, which have pinned the one that they
were created or last updated with, and say which keys changed. When they act is what the
file says (schedule); where it says nothing, it stays as it is unless a flag changes it.
Flags are about the schedule of runs, with --verify about that of proofs. A schedule that
is paused stays paused, and a run that is going goes on with what it was started with.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			change := scheduleChange{file: args[0], spec: spec, when: when, which: which}
			if err := change.check(); err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.updateSchedules(cmd.Context(), c, change)
		},
	}
	when.add(command.Flags())
	which.add(command)
	return command
}

// scheduleChange is what the schedules of a sync are to become.
type scheduleChange struct {
	file  string
	spec  config.Sync
	when  cadenceFlags
	which kindFlag
}

// check refuses what is wrong whatever the schedules are like.
func (s scheduleChange) check() error {
	if s.spec.Schedule != nil {
		if err := s.when.refuse(s.file); err != nil {
			return err
		}
		_, err := ofFile(s.file, s.spec, s.which)
		return err
	}
	if s.which.verify {
		if err := refuseProof(s.file, s.spec); err != nil {
			return err
		}
	}
	// Whatever it is now: flags are right or wrong by themselves.
	usual := config.DefaultCadence()
	usual.Every = config.Duration(time.Hour)
	_, err := s.when.over(usual)
	return err
}

// of returns what a schedule that is there is to become, and false if it is not meant.
func (s scheduleChange) of(found *schedule.Found) (schedule.Wanted, bool, error) {
	w := schedule.Wanted{Spec: s.spec, Kind: found.Kind, Cadence: *found.Pinned.Cadence}
	if s.which.verify && found.Kind != schedule.Proofs {
		return w, false, nil
	}
	for _, asked := range schedule.In(s.spec) {
		if asked.Kind == found.Kind {
			return asked, true, nil
		}
	}
	if s.spec.Schedule != nil || found.Kind != s.which.kind() {
		return w, true, nil
	}
	var err error
	w.Cadence, err = s.when.over(w.Cadence)
	return w, true, err
}

// updateSchedules brings a sync file, and flags, into the schedules of the sync.
func (a *app) updateSchedules(ctx context.Context, c client.Client, change scheduleChange) error {
	sync := change.spec.Sync
	existing := map[schedule.Kind]*schedule.Found{}
	for _, kind := range schedule.Kinds() {
		found, err := schedule.Look(ctx, c, sync, kind)
		if err != nil {
			return scheduleError(sync, kind, "updating", err)
		}
		if found != nil {
			existing[kind] = found
		}
	}
	if err := change.needs(existing); err != nil {
		return err
	}
	shown := []shownUpdate{}
	for _, kind := range schedule.Kinds() {
		found := existing[kind]
		if found == nil {
			continue
		}
		w, meant, err := change.of(found)
		if err != nil {
			return err
		}
		if !meant {
			continue
		}
		updated, err := a.updateSchedule(ctx, c, found, w)
		if err != nil {
			return err
		}
		shown = append(shown, updated)
	}
	return a.printUpdated(shown)
}

// needs refuses an update of schedules that are not there.
func (s scheduleChange) needs(existing map[schedule.Kind]*schedule.Found) error {
	wanted := schedule.In(s.spec)
	asked := make([]schedule.Kind, len(wanted))
	for i, w := range wanted {
		asked[i] = w.Kind
	}
	if s.which.verify || s.spec.Schedule == nil && (len(s.when.given()) > 0 || len(existing) == 0) {
		asked = []schedule.Kind{s.which.kind()}
	}
	for _, kind := range asked {
		if existing[kind] != nil {
			continue
		}
		var flags string
		if kind == schedule.Proofs {
			flags = " --" + verifyFlag
		}
		if s.spec.Schedule == nil {
			flags += " --every 6h"
		}
		return usage("sync %s has no schedule%s: create it with: audiencesync schedule create %s%s", s.spec.Sync, ofKind(kind), s.file, flags)
	}
	return nil
}

// updateSchedule makes a schedule the one that is wanted, if it is another one.
func (a *app) updateSchedule(ctx context.Context, c client.Client, found *schedule.Found, w schedule.Wanted) (shownUpdate, error) {
	differences, err := found.Differences(w)
	if err != nil {
		return shownUpdate{}, err
	}
	if len(differences) > 0 {
		if err := found.Change(ctx, w); err != nil {
			return shownUpdate{}, scheduleError(w.Spec.Sync, w.Kind, "updating", err)
		}
		a.warn(w)
	}
	shown, err := a.show(ctx, c, found, nextShown)
	return shownUpdate{shownSchedule: shown, Changed: differences}, err
}

// shownUpdate is an update of a schedule as it is printed.
type shownUpdate struct {
	shownSchedule

	Changed []schedule.Difference `json:"changed"`
}

func (a *app) printUpdated(list []shownUpdate) error {
	if a.output == outputJSON {
		for i := range list {
			list[i].Changed = append([]schedule.Difference{}, list[i].Changed...)
		}
		return a.printJSON(list)
	}
	for _, updated := range list {
		done := "is up to date: nothing changed"
		if len(updated.Changed) > 0 {
			done = "is updated\nchanged: " + joined(updated.Changed)
		}
		if _, err := fmt.Fprintf(a.stdout, "%s %s\n", theSchedule(updated.Sync, updated.Kind), done); err != nil {
			return err
		}
		a.sayPaused(updated.shownSchedule)
		if err := a.writeNext(updated.shownSchedule); err != nil {
			return err
		}
	}
	return nil
}

func joined(differences []schedule.Difference) string {
	texts := make([]string, len(differences))
	for i, difference := range differences {
		texts[i] = difference.String()
	}
	return strings.Join(texts, ", ")
}

// mostKeysTold bounds the keys of one line.
const mostKeysTold = 5

// tellPinned says, in one line, that the sync's schedule goes on with another sync
// than the file's. To know it is worth no failure: who cannot be asked is not told of.
func (a *app) tellPinned(ctx context.Context, c client.Client, file string, spec config.Sync) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	found, err := schedule.Look(ctx, c, spec.Sync, schedule.Runs)
	if err != nil || found == nil {
		return
	}
	wanted := schedule.Wanted{Spec: spec, Kind: schedule.Runs, Cadence: *found.Pinned.Cadence}
	if runs := spec.Schedule.Runs(); runs != nil {
		wanted.Cadence = *runs
	}
	differences, err := found.Differences(wanted)
	if err != nil || len(differences) == 0 {
		return
	}
	keys := make([]string, 0, mostKeysTold)
	for _, difference := range differences[:min(mostKeysTold, len(differences))] {
		keys = append(keys, difference.Key)
	}
	told := strings.Join(keys, ", ")
	if more := len(differences) - mostKeysTold; more > 0 {
		told += fmt.Sprintf(" and %d more", more)
	}
	a.say("note: the schedule of sync %s goes on with another sync file than this one (%s); bring this one over with: audiencesync schedule update %s",
		spec.Sync, told, file)
}
