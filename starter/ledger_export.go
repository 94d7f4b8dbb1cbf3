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
		Short: "Write the contacts that a sync has marked, as CSV or JSON",
		Long: `Write the contacts that a sync has marked, or may have marked, as CSV, or as JSON with
--output json: reference, membership (yes, or unknown where a request was never answered),
and the number of the run in which Hello Charles accepted them last. This is contact data.`,
		Args:        oneArgument,
		Annotations: map[string]string{outputCSV: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				if file == "" {
					_, err := a.exportMembers(cmd.Context(), l, sync, a.stdout)
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
	n, err := a.exportMembers(ctx, l, sync, file)
	if err = errors.Join(err, file.Close()); err != nil {
		// A part of a list looks like a whole one.
		return errors.Join(err, os.Remove(path))
	}
	a.say("%s: %s in %s", sync, audience.Count(n, "contact", "contacts"), path)
	return nil
}

// exportMembers writes the contacts in the form that was asked for, and returns how many
// there are.
func (a *app) exportMembers(ctx context.Context, l *ledger.Ledger, sync string, to io.Writer) (n int64, err error) {
	var rows memberRows = &memberCSV{csv.NewWriter(to)}
	if a.output == outputJSON {
		rows = &memberJSON{newJSONRows(to)}
	}
	if err := rows.begin(); err != nil {
		return 0, err
	}
	for member, err := range l.Memberships(ctx, sync) {
		if err != nil {
			return n, err
		}
		if err := rows.add(member); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.end()
}

// memberRows is a list of contacts in the making: a million of them are never held at
// once.
type memberRows interface {
	begin() error
	add(member ledger.MemberRecord) error
	end() error
}

type memberCSV struct{ *csv.Writer }

func (c *memberCSV) begin() error {
	return c.Write([]string{"reference", "membership", "accepted_run"})
}

func (c *memberCSV) add(member ledger.MemberRecord) error {
	accepted := ""
	if member.AcceptedRun != 0 {
		accepted = strconv.FormatInt(member.AcceptedRun, 10)
	}
	return c.Write([]string{member.Reference, string(member.Membership), accepted})
}

func (c *memberCSV) end() error {
	c.Flush()
	return c.Error()
}

// exportedMember is a contact as JSON has it.
type exportedMember struct {
	Reference  string            `json:"reference"`
	Membership ledger.Membership `json:"membership"`
	// AcceptedRun is left out where Hello Charles has accepted none.
	AcceptedRun int64 `json:"accepted_run,omitempty"`
}

type memberJSON struct{ *jsonRows }

func (j *memberJSON) begin() error { return nil }

func (j *memberJSON) add(member ledger.MemberRecord) error {
	return j.jsonRows.add(exportedMember{member.Reference, member.Membership, member.AcceptedRun})
}
