package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"audiencesync/internal/ledger"
)

func (a *app) ledgerForgetCommand() *cobra.Command {
	var f dataFlags
	var reference string
	var now bool
	command := &cobra.Command{
		Use:   "forget --reference REFERENCE",
		Short: "Erase a person from the ledger, and send it in no sync ever again",
		Long: `Erase a person by the external reference id, as the ledger holds it (a phone number with
or without its plus). From now on no sync sends the person: it is suppressed with the
reason "forgotten" whenever an audience brings it, for which the ledger keeps a keyed
digest of the reference, and nothing else.

Where a sync that mirrors its audience has marked the person, the marker comes first:
the next run of the sync takes it away like that of anybody who left, and then the
reference is erased, by itself. With --now it is erased at once, and the marker stays in
Hello Charles: erase or unmark the contact there. What Zeotap and Hello Charles hold is
not touched; exported files, backups and reports that were shown are not either.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if strings.TrimSpace(reference) == "" {
				return usage("say who is to be forgotten: --reference REFERENCE")
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				return dataError(a.forget(cmd.Context(), l, strings.TrimSpace(reference), now))
			})
		},
	}
	f.add(command)
	command.Flags().StringVar(&reference, "reference", "", "the external reference id of the person")
	command.Flags().BoolVar(&now, "now", false, "erase at once, also where a marker stays in Hello Charles")
	return command
}

func (a *app) forget(ctx context.Context, l *ledger.Ledger, reference string, now bool) error {
	done, err := l.Forget(ctx, reference, now)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(done)
	}
	for _, line := range forgettingLines(done) {
		if _, err := fmt.Fprintln(a.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// forgettingLines say what became of a request to forget a person, without naming it.
func forgettingLines(f ledger.Forgetting) []string {
	lines := []string{"no sync sends this person from now on"}
	switch {
	case !f.Held:
		lines = append(lines, "the ledger does not hold the reference; only a keyed digest of it is kept")
	case f.Erased:
		lines = append(lines, "the reference and all that belongs to it are erased; only a keyed digest is kept")
	default:
		lines = append(lines, "the reference is kept until what follows is done, and is erased then")
	}
	for _, list := range []struct {
		syncs []string
		text  string
	}{
		{f.Unmarks, "the next run takes the marker away: %s"},
		{f.Busy, "a run that has read the person is open, and may have sent it; it ends first: %s"},
		{f.StaysMarked, "the marker stays in Hello Charles, erase or unmark the contact there: %s"},
	} {
		if len(list.syncs) > 0 {
			lines = append(lines, fmt.Sprintf(list.text, strings.Join(list.syncs, ", ")))
		}
	}
	return lines
}
