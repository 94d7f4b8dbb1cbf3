package main

import (
	"context"

	"github.com/spf13/cobra"

	"audiencesync/internal/beginning"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/membersfile"
)

type adoptFlags struct {
	vendorFlags
	file membersfile.File
}

func (a *app) adoptCommand() *cobra.Command {
	var f adoptFlags
	command := &cobra.Command{
		Use:   "adopt SYNC.yaml",
		Short: "Record the contacts that are in the segment already as members of the sync",
		Long: `List the segment of a sync that has sent nothing yet, and record its contacts in the
ledger as members of the sync: Zeotap's own connector brought them, or a ledger that was
lost. The first run then sends those that are in the audience and, in mode mirror, unmarks
the others, after it has asked if those are many. Contacts without a reference of the connection's
source type are not ours: they are counted, and explain so many contacts in reports.

Nothing is sent. The command may be repeated until a run has sent something, and goes on
where it was broken off. Where the key may not list the segment, export its contacts in
the app and name the file: one external reference id a line, or a CSV with a header.

This is contact data: it passes from Hello Charles into the ledger, and never through
Temporal.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMembersFile(f.file); err != nil {
				return err
			}
			return a.withBeginning(cmd.Context(), &f.vendorFlags, args[0], func(o beginning.Options) error {
				return a.adopt(cmd.Context(), o, f.file)
			})
		},
	}
	f.add(command)
	addMembersFile(command, &f.file)
	return command
}

// addMembersFile makes the flags of a file that takes the place of a listing.
func addMembersFile(command *cobra.Command, file *membersfile.File) {
	flags := command.Flags()
	flags.StringVar(&file.Path, membersFileFlag, "", "instead of the listing: a file with the references, exported in the app")
	flags.StringVar(&file.Column, "column", "", "the members file is a CSV with a header, and this column holds the references (default one reference a line)")
}

const membersFileFlag = "members-file"

// checkMembersFile refuses a column without a file.
func checkMembersFile(file membersfile.File) error {
	if file.Column != "" && file.Path == "" {
		return usage("--column: name the file too, with --members-file FILE")
	}
	return nil
}

// withBeginning runs a command that says how a sync began.
func (a *app) withBeginning(ctx context.Context, f *vendorFlags, argument string, do func(beginning.Options) error) error {
	spec, err := loadSync(argument)
	if err != nil {
		return err
	}
	return f.withPool(ctx, func(pool *endpoints.Pool) error {
		return trialError(spec.Sync, do(beginning.Options{
			Pool: pool, Spec: spec, Say: func(text string) { a.say("%s", text) },
		}))
	})
}

func (a *app) adopt(ctx context.Context, o beginning.Options, file membersfile.File) error {
	var done beginning.Adopted
	var err error
	if file.Path == "" {
		done, err = beginning.Adopt(ctx, o)
	} else {
		done, err = beginning.AdoptFile(ctx, o, file)
	}
	switch {
	case err != nil:
		return err
	case a.output == outputJSON:
		return a.printJSON(done)
	default:
		return writeAdopted(a.stdout, done)
	}
}
