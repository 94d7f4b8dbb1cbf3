package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/schedule"
)

func (a *app) schedulePauseCommand() *cobra.Command {
	var why string
	return a.onSchedule("pause SYNC", "Let the schedule of a sync start nothing by itself; a run that is going goes on", whyFlag(&why),
		func(ctx context.Context, c client.Client, found *schedule.Found) error {
			if err := found.Pause(ctx, said("paused", why)); err != nil {
				return scheduleError(found.Sync, found.Kind, "pausing", err)
			}
			return a.printSteered(ctx, c, found, "is paused: resume it with audiencesync schedule resume "+found.Sync+orVerify(found.Kind))
		})
}

func (a *app) scheduleResumeCommand() *cobra.Command {
	var why string
	return a.onSchedule("resume SYNC", "Let the schedule of a sync go on", whyFlag(&why),
		func(ctx context.Context, c client.Client, found *schedule.Found) error {
			if err := found.Resume(ctx, said("resumed", why)); err != nil {
				return scheduleError(found.Sync, found.Kind, "resuming", err)
			}
			return a.printSteered(ctx, c, found, "is resumed")
		})
}

func (a *app) scheduleTriggerCommand() *cobra.Command {
	return a.onSchedule("trigger SYNC", "Let the schedule of a sync act now, also when it is paused", nil,
		func(ctx context.Context, c client.Client, found *schedule.Found) error {
			if err := found.Trigger(ctx); err != nil {
				return scheduleError(found.Sync, found.Kind, "triggering", err)
			}
			return a.printSteered(ctx, c, found, "acts now, or when the run that is going has ended: look with audiencesync status "+found.Sync)
		})
}

func whyFlag(why *string) func(*cobra.Command) {
	return func(command *cobra.Command) {
		command.Flags().StringVar(why, "why", "", "a reason, for the schedule's note")
	}
}

// said is the note of a schedule: who did what, and why.
func said(what, why string) string {
	note := what + " by " + operator()
	if why != "" {
		note += ": " + why
	}
	return note
}

func orVerify(kind schedule.Kind) string {
	if kind == schedule.Proofs {
		return " --" + verifyFlag
	}
	return ""
}

// printSteered says what has become of a schedule.
func (a *app) printSteered(ctx context.Context, c client.Client, found *schedule.Found, what string) error {
	shown, err := a.show(ctx, c, found, nextShown)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(shown)
	}
	if _, err := fmt.Fprintf(a.stdout, "%s %s\n", theSchedule(found.Sync, found.Kind), what); err != nil {
		return err
	}
	if shown.Paused {
		return nil
	}
	return a.writeNext(shown)
}
