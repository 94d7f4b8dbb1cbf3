package main

import (
	"github.com/spf13/cobra"

	"audiencesync/workflows"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify SYNC.yaml",
		Short: "Prove that the segment holds what earlier runs have brought, and send nothing",
		Long: `Count the segment and, where the key may list it, compare its contacts with those that
the ledger holds as marked by the sync. Nothing is read from Zeotap, nothing is sent and
nothing is remembered: the next run finds the same. The exit codes are those of a run.
Who is missing, gone or foreign: audiencesync differences.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			if spec.Verification.Segment == "" {
				return usage("%s: the sync names no segment that could be proved: set verification.segment", args[0])
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			err = a.runSync(cmd.Context(), c, workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true})
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the proof goes on. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
}
