package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"audiencesync/internal/beginning"
)

func (a *app) ledgerRebuildCommand() *cobra.Command {
	var f vendorFlags
	command := &cobra.Command{
		Use:   "rebuild SYNC.yaml [SYNC.yaml ...]",
		Short: "Fill a new ledger from the segments, after the old one was lost",
		Long: `List the segments of all syncs of a workspace whose ledger was lost, and record in a new
ledger who is marked: what "audiencesync adopt" does for one sync. What was sent of the
contacts is not known any more, so the first run of each sync sends all of its members again; in mode
mirror it unmarks those who are not in the audience, after it has asked if those are many. Contacts that
were erased since are not in a segment and are new to the ledger: keep them out of the audience.

Nothing is sent. The syncs are taken one after the other; at the first that fails the command ends, and
it may be repeated until a run has sent something.`,
		Args: someArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rebuildLedger(cmd.Context(), &f, args)
		},
	}
	f.add(command)
	return command
}

func (a *app) rebuildLedger(ctx context.Context, f *vendorFlags, files []string) error {
	all := make([]beginning.Adopted, 0, len(files))
	for i, file := range files {
		err := a.withBeginning(ctx, f, file, func(o beginning.Options) error {
			done, err := beginning.Adopt(ctx, o)
			if err != nil {
				return err
			}
			all = append(all, done)
			if a.output == outputJSON {
				return nil
			}
			if i > 0 {
				if _, err := fmt.Fprintln(a.stdout); err != nil {
					return err
				}
			}
			return writeAdopted(a.stdout, done)
		})
		if err != nil {
			return err
		}
	}
	if a.output == outputJSON {
		return a.printJSON(all)
	}
	return nil
}
