package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
)

func (a *app) scheduleCreateCommand() *cobra.Command {
	var when cadenceFlags
	var which kindFlag
	command := &cobra.Command{
		Use:   "create SYNC.yaml",
		Short: "Create the schedule of a sync",
		Long: `Create the schedule of a sync: when, is said by the sync file (schedule), or else by
flags, by interval (--every 6h) or by cron (--cron "0 6 * * *"). A file that also says
when the sync is proved (schedule.verify) gets a second schedule; --verify creates that
one alone. The sync file is pinned in the schedule: after changing it, bring it over with
"audiencesync schedule update SYNC.yaml". Nothing is asked of Zeotap and Hello Charles:
check the file before (audiencesync check SYNC.yaml).
A due time while a run is going waits for that run; it runs again afterwards only if the
run had opened its read before the due time.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			wanted, err := wantedBy(args[0], spec, when, which)
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.createSchedules(cmd.Context(), c, args[0], wanted)
		},
	}
	when.add(command.Flags())
	which.add(command)
	return command
}

// wantedBy returns the schedules that a file asks for or, where it says nothing, flags.
func wantedBy(file string, spec config.Sync, when cadenceFlags, which kindFlag) ([]schedule.Wanted, error) {
	if spec.Schedule != nil {
		if err := when.refuse(file); err != nil {
			return nil, err
		}
		return ofFile(file, spec, which)
	}
	cadence, err := when.over(config.DefaultCadence())
	if err != nil {
		return nil, err
	}
	if which.verify {
		if err := refuseProof(file, spec); err != nil {
			return nil, err
		}
	}
	return []schedule.Wanted{{Spec: spec, Kind: which.kind(), Cadence: cadence}}, nil
}

// ofFile returns the schedules that a file asks for; with --verify only that of proofs.
func ofFile(file string, spec config.Sync, which kindFlag) ([]schedule.Wanted, error) {
	wanted := schedule.In(spec)
	if !which.verify {
		return wanted, nil
	}
	for _, w := range wanted {
		if w.Kind == schedule.Proofs {
			return []schedule.Wanted{w}, nil
		}
	}
	return nil, usage("%s does not say when the sync is proved: set schedule.verify", file)
}

// createSchedules creates schedules none of which may be there.
func (a *app) createSchedules(ctx context.Context, c client.Client, file string, wanted []schedule.Wanted) error {
	for _, w := range wanted {
		found, err := schedule.Look(ctx, c, w.Spec.Sync, w.Kind)
		if err != nil && !errors.Is(err, schedule.ErrNotOurs) {
			return scheduleError(w.Spec.Sync, w.Kind, "creating", err)
		}
		if found != nil || err != nil {
			return thereAlready(file, w)
		}
	}
	shown := make([]shownSchedule, 0, len(wanted))
	for _, w := range wanted {
		if err := a.createSchedule(ctx, c, file, w); err != nil {
			return err
		}
		found, err := look(ctx, c, w.Spec.Sync, w.Kind)
		if err != nil {
			return err
		}
		one, err := a.show(ctx, c, found, nextShown)
		if err != nil {
			return err
		}
		shown = append(shown, one)
	}
	return a.printCreated(shown)
}

func (a *app) createSchedule(ctx context.Context, c client.Client, file string, w schedule.Wanted) error {
	err := w.Create(ctx, c)
	switch {
	case errors.Is(err, schedule.ErrExists):
		return thereAlready(file, w)
	case err != nil:
		return scheduleError(w.Spec.Sync, w.Kind, "creating", err)
	}
	a.warn(w)
	return nil
}

func thereAlready(file string, w schedule.Wanted) error {
	return usage("sync %s has a schedule%s already: bring the sync file, or other times, over with: audiencesync schedule update %s",
		w.Spec.Sync, ofKind(w.Kind), file)
}

func (a *app) printCreated(shown []shownSchedule) error {
	if a.output == outputJSON {
		return a.printJSON(shown)
	}
	for _, s := range shown {
		does := "runs"
		if s.Kind == schedule.Proofs {
			does = "is proved"
		}
		if _, err := fmt.Fprintf(a.stdout, "sync %s %s %s\n", s.Sync, does, s.When); err != nil {
			return err
		}
		if err := a.writeNext(s); err != nil {
			return err
		}
	}
	return nil
}
