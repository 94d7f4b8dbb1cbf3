package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"audiencesync/internal/ledger"
)

func (a *app) ledgerCheckCommand() *cobra.Command {
	var f dataFlags
	command := &cobra.Command{
		Use:   "check",
		Short: "Look for damage in the ledger, and say what to do about it",
		Long: `Look for damage: the database file itself (SQLite), and whatever the transactions of
runs never leave behind. Nothing is changed. Exit code 1 if something is found.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error { return dataError(a.checkLedger(cmd.Context(), l)) })
		},
	}
	f.add(command)
	return command
}

func (a *app) checkLedger(ctx context.Context, l *ledger.Ledger) error {
	findings, err := l.Check(ctx)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		if findings == nil {
			findings = []ledger.Finding{}
		}
		err = a.printJSON(findings)
	} else {
		err = a.printFindings(findings)
	}
	if err == nil && len(findings) > 0 {
		return &exitError{code: exitFailed}
	}
	return err
}

func (a *app) printFindings(findings []ledger.Finding) error {
	if len(findings) == 0 {
		_, err := fmt.Fprintln(a.stdout, "nothing is wrong with the ledger")
		return err
	}
	for _, f := range findings {
		if _, err := fmt.Fprintf(a.stdout, "%s\n  remedy: %s\n", printable(f.What, ""), f.Remedy); err != nil {
			return err
		}
	}
	return nil
}
