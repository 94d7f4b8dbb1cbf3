package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"audiencesync/internal/buildinfo"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is, and of which commit",
		Long: `Say which version this is, of which commit, and by which Go it was built. Who has
the source can build the same program again, byte for byte (SECURITY.md).`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			info := buildinfo.Read()
			if a.output == outputJSON {
				return a.printJSON(info)
			}
			_, err := fmt.Fprintln(a.stdout, info.Line("audiencesync"))
			return err
		},
	}
}
