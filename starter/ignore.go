package main

import (
	"context"

	"github.com/spf13/cobra"

	"audiencesync/internal/beginning"
)

func (a *app) ignoreCommand() *cobra.Command {
	var f vendorFlags
	command := &cobra.Command{
		Use:   "ignore SYNC.yaml",
		Short: "Record that the contacts that are in the segment already are not ours",
		Long: `Count the segment of a sync that has sent nothing yet, and record in the ledger that
those contacts are not ours: nobody unmarks them, and so many more than expected may be
counted in reports from now on, which have a line of their own for them. A verdict of
such a sync is explained, and never equal.

What an earlier adopt has recorded is forgotten. Nothing is sent. The command may be
repeated until a run has sent something.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withBeginning(cmd.Context(), &f, args[0], func(o beginning.Options) error {
				return a.ignore(cmd.Context(), o)
			})
		},
	}
	f.add(command)
	return command
}

func (a *app) ignore(ctx context.Context, o beginning.Options) error {
	done, err := beginning.Ignore(ctx, o)
	switch {
	case err != nil:
		return err
	case a.output == outputJSON:
		return a.printJSON(done)
	default:
		return writeIgnored(a.stdout, done)
	}
}
