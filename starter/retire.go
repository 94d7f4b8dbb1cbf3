package main

import (
	"github.com/spf13/cobra"

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
Delete the schedule of the sync first, if there is one.`,
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
			err = a.runSync(cmd.Context(), c, workflows.AudienceSyncInput{Spec: spec, Retire: true})
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the run goes on. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
}
