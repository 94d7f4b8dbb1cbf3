package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func (a *app) ledgerExportCommand() *cobra.Command {
	var f dataFlags
	var file string
	command := &cobra.Command{
		Use:   "export SYNC",
		Short: "Write the contacts that a sync has marked as CSV",
		Long: `Write the contacts that a sync has marked, or may have marked, as CSV: reference,
membership (yes, or unknown where a request was never answered), and the number of the run
in which Hello Charles accepted them last. This is contact data.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				if file == "" {
					_, err := exportMembers(cmd.Context(), l, sync, a.stdout)
					return dataError(err)
				}
				return dataError(a.exportFile(cmd.Context(), l, sync, file))
			})
		},
	}
	f.add(command)
	command.Flags().StringVar(&file, "file", "", "write into this new file, readable by its owner only (default standard output)")
	return command
}

func (a *app) exportFile(ctx context.Context, l *ledger.Ledger, sync, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("%s exists: name a new file", path)
	}
	if err != nil {
		return err
	}
	n, err := exportMembers(ctx, l, sync, file)
	if err = errors.Join(err, file.Close()); err != nil {
		// A part of a list looks like a whole one.
		return errors.Join(err, os.Remove(path))
	}
	a.say("%s: %s contacts in %s", sync, audience.Thousands(n), path)
	return nil
}

func exportMembers(ctx context.Context, l *ledger.Ledger, sync string, to io.Writer) (n int64, err error) {
	lines := csv.NewWriter(to)
	title := []string{"reference", "membership", "accepted_run"}
	for member, err := range l.Memberships(ctx, sync) {
		if err != nil {
			return n, err
		}
		if n == 0 {
			if err := lines.Write(title); err != nil {
				return n, err
			}
		}
		accepted := ""
		if member.AcceptedRun != 0 {
			accepted = strconv.FormatInt(member.AcceptedRun, 10)
		}
		if err := lines.Write([]string{member.Reference, string(member.Membership), accepted}); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		if err := lines.Write(title); err != nil {
			return n, err
		}
	}
	lines.Flush()
	return n, lines.Error()
}
