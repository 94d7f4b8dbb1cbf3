package main

import (
	"github.com/spf13/cobra"
)

func (a *app) planCommand() *cobra.Command {
	var in runFlags
	command := &cobra.Command{
		Use:   "plan SYNC.yaml",
		Short: "Read the audience and say what a run would do, and send nothing",
		Long: `Read the whole audience, map every member that would be sent, find out who left, and
say what a run would do: how many it would send, mark, unmark, and why it would stop and
ask. Nothing is sent, and nothing is remembered of it. A run that follows reads again.`,
		Args: cobra.ExactArgs(1),
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
			a.tellPinned(cmd.Context(), c, args[0], spec)
			input := in.input(cmd, spec)
			input.PlanOnly = true
			err = a.runSync(cmd.Context(), c, input)
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the plan is still being made. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
	in.add(command)
	return command
}
