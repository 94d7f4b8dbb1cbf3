package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"audiencesync/internal/readback"
	"audiencesync/internal/trial"
)

// mostTried bounds a trial: more than that is a run.
const mostTried = 100

type tryFlags struct {
	vendorFlags
	limit     int
	reference string
	dryRun    bool
}

func (a *app) tryCommand() *cobra.Command {
	var f tryFlags
	command := &cobra.Command{
		Use:   "try SYNC.yaml",
		Short: "Send a few members, read them back field by field, and compare",
		Long: `Send the first members of the audience that can be sent, each in a request of its
own, read them back where the connection says how, and compare field by field. The
mapping, the requests and the checks are those of a run; nobody is removed. What was
taken is in the ledger: the next run sends the rest, and once more whoever was sent
without phone number and email address, because Hello Charles holds the contact and the
request could bring back one that is erased.

This is contact data: it passes between the vendors, the ledger and this terminal, and
never through Temporal. Exit code 0 says that all were taken and nothing differs.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.limit < 1 || f.limit > mostTried {
				return usage("--limit %d: write a number from 1 to %d; more than that is for a run", f.limit, mostTried)
			}
			return a.withTrial(cmd.Context(), &f.vendorFlags, args[0], func(t *trial.Trial) error {
				return a.try(cmd.Context(), t, f)
			})
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.IntVar(&f.limit, "limit", 10, "how many members, at most 100")
	flags.StringVar(&f.reference, "reference", "", "instead: the one member with this reference")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the requests and send nothing")
	command.MarkFlagsMutuallyExclusive("limit", "reference")
	return command
}

func (a *app) try(ctx context.Context, t *trial.Trial, f tryFlags) error {
	a.tellFindings(t)
	if len(t.Findings.Problems) > 0 {
		return usage("sync %s cannot run as it is; nothing was sent", t.Sync.Spec.Sync)
	}
	chosen, err := choose(ctx, t, f)
	if err != nil {
		return err
	}
	shown := shownTrial{Sync: t.Sync.Spec.Sync, Workspace: t.Sync.Workspace.Settings.Workspace(), DryRun: f.dryRun, Read: chosen.Read}
	for _, over := range chosen.PassedOver {
		shown.PassedOver = append(shown.PassedOver, shownPassedOver{over.Outcome, string(over.Reason), over.Why(), over.Field, over.Members})
	}
	if chosen.Incomplete != "" {
		a.say("note: the read of the audience was not complete: %s", chosen.Incomplete)
	}
	var ended error
	switch {
	case len(chosen.Candidates) == 0:
	case f.dryRun:
		ended = shown.render(ctx, t, chosen.Candidates)
	default:
		settings := t.Sync.Workspace.Settings
		a.say("sending %s, one a request, to %s as source type %s", contacts(len(chosen.Candidates)), settings.BaseURL, settings.SourceType)
		ended = shown.send(ctx, t, chosen.Candidates)
	}
	if err := a.printTrial(shown); err != nil {
		return errors.Join(ended, err)
	}
	if ended != nil {
		return ended
	}
	return shown.verdict()
}

// tellFindings says what the inspection found.
func (a *app) tellFindings(t *trial.Trial) {
	for _, note := range t.Findings.Notes {
		a.say("note: %s", note)
	}
	for _, problem := range t.Findings.Problems {
		a.complain("problem: %s", problem)
	}
}

func choose(ctx context.Context, t *trial.Trial, f tryFlags) (trial.Chosen, error) {
	if f.reference == "" {
		return t.Choose(ctx, f.limit)
	}
	reference, err := normalised(t, f.reference)
	if err != nil {
		return trial.Chosen{}, err
	}
	return t.ChooseOne(ctx, reference)
}

// normalised reads the flag --reference as the sync reads references.
func normalised(t *trial.Trial, reference string) (string, error) {
	found, err := t.Normalise(reference)
	if err != nil {
		return "", usage("--reference: %w; to follow a member without a usable one, name its place: audiencesync trace SYNC.yaml --place \"page 1, member 147\", as failures lists it", err)
	}
	return found, nil
}

func contacts(n int) string {
	if n == 1 {
		return "1 contact"
	}
	return fmt.Sprintf("%d contacts", n)
}

// render shows what would be sent.
func (s *shownTrial) render(ctx context.Context, t *trial.Trial, candidates []trial.Candidate) error {
	for _, c := range candidates {
		request, protected, err := t.Render(ctx, c)
		if err != nil {
			return err
		}
		s.Members = append(s.Members, shownMember{
			Reference: c.Contact.Reference, LeftOut: showLabels(c.Withheld), Request: showRequest(request), Protected: protected, good: true,
		})
	}
	return nil
}

// send sends, and reads back what may have arrived, also when the sending ended
// early.
func (s *shownTrial) send(ctx context.Context, t *trial.Trial, candidates []trial.Candidate) error {
	sent, ended := t.Send(ctx, candidates)
	if ctx.Err() == nil {
		err := t.ReadBack(ctx, sent)
		if cannot, ok := errors.AsType[*readback.CannotReadError](err); ok {
			s.CannotRead = cannot.Error()
		} else {
			ended = errors.Join(ended, err)
		}
	}
	for _, one := range sent {
		s.Members = append(s.Members, shownMember{
			Reference: one.Contact.Reference, Outcome: one.Outcome, Transient: one.Transient, Code: one.Code, Message: one.Message,
			Why: one.Why, LeftOut: showLabels(one.Withheld), Held: one.Held.State, Unread: one.Held.Why,
			Differences: showDifferences(one.Held.Differences), Protected: one.Protected, good: one.Good(),
		})
	}
	return ended
}

// verdict is the exit code: good when all were taken and nothing differs.
func (s *shownTrial) verdict() error {
	if len(s.Members) == 0 {
		return failed(s.Sync, errors.New("no member was found that can be sent; nothing was sent"))
	}
	for _, member := range s.Members {
		if !member.good {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}
