package main

import (
	"github.com/spf13/cobra"
)

func (a *app) ledgerCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "ledger",
		Short: "Move, check, export and rebuild the ledger, and erase a person from it",
		Long: `The ledger is the database of what Hello Charles has accepted: a file (sqlite:PATH) or
a PostgreSQL schema (postgres://USER@HOST:PORT/DATABASE, with ?search_path=SCHEMA if it is not
"audiencesync"). The password of PostgreSQL is named by reference, ?credential=env:NAME or
file:PATH, or comes from PGPASSWORD or a password file. It is a store of personal data.`,
	}
	command.AddCommand(a.ledgerMigrateCommand(), a.ledgerCheckCommand(), a.ledgerExportCommand(), a.ledgerRebuildCommand(), a.ledgerForgetCommand())
	return command
}
