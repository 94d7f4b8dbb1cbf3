package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/host"
	"audiencesync/internal/ledger"
)

// moveFlags say from where to where a ledger is copied.
type moveFlags struct{ from, to string }

func (a *app) ledgerMigrateCommand() *cobra.Command {
	var f dataFlags
	var move moveFlags
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the ledger's tables up to date, or move a ledger into PostgreSQL",
		Long: `Bring the ledger's tables up to date. Workers do that too when they start.

With --from sqlite:PATH --to postgres://... the whole ledger is copied into an empty schema of
PostgreSQL, in one transaction, and the rows are counted there. Stop all workers first, and
start them with the new address afterwards: what they write to the file meanwhile is not
moved. The file stays as it is.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if move != (moveFlags{}) {
				return dataError(a.moveLedger(cmd.Context(), move))
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error { return a.printMigrated(l) })
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.StringVar(&move.from, "from", "", "ledger to copy, sqlite:PATH")
	flags.StringVar(&move.to, "to", "", "where to copy it, postgres://USER@HOST:PORT/DATABASE")
	command.MarkFlagsRequiredTogether("from", "to")
	for _, flag := range []string{"from", "to"} {
		command.MarkFlagsMutuallyExclusive("ledger", flag)
	}
	return command
}

// migratedLedger are the versions of the ledger's tables, as they are printed.
type migratedLedger struct {
	VersionBefore int64 `json:"version_before"`
	Version       int64 `json:"version"`
}

func (a *app) printMigrated(l *ledger.Ledger) error {
	before, now := l.Version()
	if a.output == outputJSON {
		return a.printJSON(migratedLedger{before, now})
	}
	text := fmt.Sprintf("the ledger's tables are up to date: version %d", now)
	if before != now {
		text = fmt.Sprintf("the ledger's tables were brought from version %d to %d", before, now)
	}
	_, err := fmt.Fprintln(a.stdout, text)
	return err
}

func (a *app) moveLedger(ctx context.Context, move moveFlags) (err error) {
	if !strings.HasPrefix(move.from, "sqlite:") || !strings.HasPrefix(move.to, "postgres") {
		return usage("a ledger is copied --from sqlite:PATH --to postgres://USER@HOST:PORT/DATABASE")
	}
	if err := mustExist(move.from); err != nil {
		return err
	}
	from, err := ledger.Open(ctx, move.from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := ledger.Open(ctx, move.to, host.LedgerCredential(commandStore))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	copied, err := from.CopyTo(ctx, to)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(copied)
	}
	rows := make([]table.Row, len(copied))
	for i, c := range copied {
		rows[i] = table.Row{c.Table, audience.Thousands(c.Rows)}
	}
	if err := writeTable(a.stdout, table.Row{"table", "rows"}, rows); err != nil {
		return err
	}
	a.say("the ledger is copied; start the workers with the new address, and keep the file until a run has ended well")
	return nil
}
