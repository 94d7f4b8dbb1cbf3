package main

import (
	"github.com/spf13/cobra"

	"audiencesync/workflows"
)

func (a *app) auditCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "audit SYNC.yaml",
		Short: "Compare the audience with the segment, contact by contact, and send nothing",
		Long: `Read the whole audience, and compare the members that pass the filter and our checks
with the contacts of the segment: who is missing, who is in it and should not be. Nothing
is sent and nothing is remembered. The ledger may be empty: an audit works beside Zeotap's
own connector, and is the cheapest way to try this system. The exit codes are those of a
run. Who is missing or foreign: audiencesync differences.

The sync file needs the audience, both connections, the reference as Hello Charles holds
it, and verification.segment. Tags and custom properties that the mapping sets need not
exist, nor does the marker.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			if spec.Verification.Segment == "" {
				return usage("%s: the sync names no segment that the audience could be compared with: set verification.segment", args[0])
			}
			return a.verify(cmd.Context(), workflows.AudienceSyncInput{Spec: spec, Audit: true})
		},
	}
}
