package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/schedule"
)

func (a *app) scheduleDeleteCommand() *cobra.Command {
	var which kindFlag
	command := &cobra.Command{
		Use:   "delete SYNC",
		Short: "Delete the schedule of a sync; a run that is going goes on",
		Args:  oneArgument,
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
			return a.deleteSchedule(cmd.Context(), c, name, which.kind())
		},
	}
	which.add(command)
	return command
}

// deletedSchedule is a schedule that is no more, as it is printed.
type deletedSchedule struct {
	Sync    string        `json:"sync"`
	Kind    schedule.Kind `json:"kind"`
	Deleted bool          `json:"deleted"`
}

func (a *app) deleteSchedule(ctx context.Context, c client.Client, sync string, kind schedule.Kind) error {
	err := schedule.Delete(ctx, c, sync, kind)
	switch {
	case errors.Is(err, schedule.ErrMissing):
		return missing(ctx, c, sync, kind)
	case err != nil:
		return scheduleError(sync, kind, "deleting", err)
	case a.output == outputJSON:
		return a.printJSON(deletedSchedule{sync, kind, true})
	}
	if _, err := fmt.Fprintf(a.stdout, "%s is deleted\n", theSchedule(sync, kind)); err != nil || kind == schedule.Proofs {
		return err
	}
	if other, err := schedule.Look(ctx, c, sync, schedule.Proofs); err == nil && other != nil {
		a.say("%s stays: delete it with audiencesync schedule delete %s --%s", theSchedule(sync, schedule.Proofs), sync, verifyFlag)
	}
	return nil
}
