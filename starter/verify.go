package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/membersfile"
	"audiencesync/internal/proof"
	"audiencesync/workflows"
)

// verifyFlags say by what a sync is proved, if not by what Hello Charles answers.
type verifyFlags struct {
	dataFlags

	counted    int64
	file       membersfile.File
	references bool
}

const (
	countedFlag        = "counted"
	withReferencesFlag = "with-references"
)

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	command := &cobra.Command{
		Use:   "verify SYNC.yaml",
		Short: "Prove that the segment holds what earlier runs have brought, and send nothing",
		Long: `Count the segment and, where the key may list it, compare its contacts with those that
the ledger holds as marked by the sync. Nothing is read from Zeotap, nothing is sent and
nothing is remembered: the next run finds the same. The exit codes are those of a run.
Who is missing, gone or foreign: audiencesync differences.

Where the key may not list the segment, export its contacts in the app and name the file
with --members-file: this command compares them with the ledger itself, and no run is
made. Where it may not count either, and there is no export, say with --counted what the
app shows; then only the numbers are compared.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			if err := checkMembersFile(f.file); err != nil {
				return err
			}
			input := workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true}
			switch {
			case f.file.Path != "":
				return a.verifyByFile(cmd.Context(), spec, f)
			case f.references:
				return usage("--%s: it is for --%s; whom a proof by Hello Charles has found is told by audiencesync differences", withReferencesFlag, membersFileFlag)
			case cmd.Flags().Changed(countedFlag) && f.counted < 0:
				return usage("--%s %d: write how many contacts the segment shows in the app", countedFlag, f.counted)
			case cmd.Flags().Changed(countedFlag):
				input.Entered = &f.counted
			case spec.Verification.Segment == "":
				return usage("%s: the sync names no segment that could be proved: set verification.segment", args[0])
			}
			return a.verify(cmd.Context(), input)
		},
	}
	f.add(command)
	addMembersFile(command, &f.file)
	flags := command.Flags()
	flags.Int64Var(&f.counted, countedFlag, 0, "instead of the count: how many contacts the segment shows in the app")
	flags.BoolVar(&f.references, withReferencesFlag, false, "with --members-file: also name the contacts that differ, up to 10,000 of each kind")
	command.MarkFlagsMutuallyExclusive(countedFlag, membersFileFlag)
	return command
}

// verify runs a run that proves, or audits, and sends nothing.
func (a *app) verify(ctx context.Context, in workflows.AudienceSyncInput) error {
	c, err := a.dial(ctx, in.Spec.Sync)
	if err != nil {
		return err
	}
	defer c.Close()
	err = a.runSync(ctx, c, in)
	if ctx.Err() != nil {
		a.say("Stopped watching; the proof goes on. See it with: audiencesync status %s", in.Spec.Sync)
	}
	return err
}

// verifyByFile proves a sync by a file. It is a data command: references pass between
// the file, the ledger and whoever asked.
func (a *app) verifyByFile(ctx context.Context, spec config.Sync, f verifyFlags) error {
	return f.withLedger(ctx, func(l *ledger.Ledger) error {
		proved, err := proof.ByFile(ctx, l, spec, f.file)
		if flaw, ok := errors.AsType[*membersfile.Error](err); ok {
			return usage("sync %s: %w; nothing was compared", spec.Sync, flaw)
		}
		if err != nil {
			return dataError(err)
		}
		return conclude(outcome{report: &proved.Report, err: codeOfReport(&proved.Report)}, func(*audience.Report) error {
			return a.printProof(proved, f.references)
		})
	})
}

func (a *app) printProof(p *proof.Proof, references bool) error {
	switch {
	case a.output == outputJSON && references:
		return a.printJSON(p)
	case a.output == outputJSON:
		return a.printJSON(p.Report)
	}
	if err := writeReport(a.stdout, &p.Report); err != nil || !references {
		return err
	}
	return writeDifferences(a.stdout, p.Differences)
}
