package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

func (a *app) retireCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retire SYNC.yaml",
		Short: "Take all marks of a sync away, and close it for ever",
		Long: `Take the marker from every contact that the sync has marked, whoever is in the audience,
and close the sync for ever: no run of it starts again, and its name is not used again.
The contacts themselves stay. The run waits for "audiencesync approve" before it sends
anything. A sync that marks with a tag cannot be retired: a tag can only be added.
Delete the schedules of the sync, which are not deleted with it, if there are any.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			a.tellSchedules(cmd.Context(), c, spec.Sync)
			err = a.runSync(cmd.Context(), c, workflows.AudienceSyncInput{Spec: spec, Retire: true})
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the run goes on. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
}

// tellSchedules says which schedules of a sync that is retired are still there. To know
// it is worth no failure: who cannot be asked is not told of.
func (a *app) tellSchedules(ctx context.Context, c client.Client, sync string) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for _, kind := range schedule.Kinds() {
		if found, err := schedule.Look(ctx, c, sync, kind); err == nil && found != nil {
			a.say("note: %s is still there, and what it starts is refused once the sync is retired: delete it with audiencesync schedule delete %s%s",
				theSchedule(sync, kind), sync, orVerify(kind))
		}
	}
}
