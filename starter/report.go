package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/reportpage"
	"audiencesync/internal/runreport"
)

// reportFlags choose a run and the form of its report.
type reportFlags struct {
	dataFlags
	run            int64
	html           string
	withReferences bool
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	command := &cobra.Command{
		Use:   "report SYNC",
		Short: "Show the report of a run that has ended, also as a page with charts",
		Long: `Show the report of a run that has ended: the way from the audience to the segment, the
reasons, the verdict and the one sentence. As JSON and as a page (--html) it also has how
the sending went and the runs before it. The page is one file that needs no network.

A report holds no contact data unless --with-references asks for it.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			if f.html != "" && a.output != outputTable {
				return usage("--html and --output %s: choose one form", a.output)
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				return dataError(a.report(cmd.Context(), l, sync, f))
			})
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.Int64Var(&f.run, "run", 0, "number of the run (default the newest that has ended and is no plan)")
	flags.StringVar(&f.html, "html", "", "write a page into this file, or to standard output (-)")
	flags.BoolVar(&f.withReferences, "with-references", false, "also list who was not taken; this is contact data")
	return command
}

func (a *app) report(ctx context.Context, l *ledger.Ledger, sync string, f reportFlags) error {
	doc, err := runreport.Load(ctx, l, sync, f.run, f.withReferences)
	switch {
	case err != nil:
		return err
	case f.html == "-":
		return reportpage.Write(a.stdout, doc)
	case f.html != "":
		return a.writePage(f.html, doc)
	case a.output == outputJSON:
		return a.printJSON(doc)
	}
	if err := a.printReport(&doc.Report); err != nil || doc.References == nil {
		return err
	}
	return writeReferences(a.stdout, doc)
}

// writePage writes the page beside the file and puts it in its place when it is
// whole. With references it is readable by its owner only.
func (a *app) writePage(path string, doc *runreport.Document) (err error) {
	mode := os.FileMode(0o644)
	if doc.References != nil {
		mode = 0o600
	}
	file, err := os.OpenFile(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	err = errors.Join(reportpage.Write(file, doc), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	a.say("%s, run %d: %s", doc.Sync, doc.Run, path)
	return nil
}

// writeReferences prints who was not taken.
func writeReferences(w io.Writer, doc *runreport.Document) error {
	if len(doc.References.Listed) == 0 {
		_, err := fmt.Fprintln(w, "\nno failures")
		return err
	}
	rows := make([]table.Row, len(doc.References.Listed))
	for i, f := range doc.References.Listed {
		who, known := "member", "new"
		if f.Leaver {
			who = "leaver"
		}
		if f.Known {
			known = "known"
		}
		rows[i] = table.Row{printable(cmp.Or(f.Reference, "-"), ""), who, f.Outcome, f.Reason, f.Field, known, printable(f.Message, "")}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	if err := writeTable(w, table.Row{"reference", "who", "outcome", "reason", "field", "known", "Hello Charles said"}, rows); err != nil {
		return err
	}
	if doc.References.More == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "and %s more: audiencesync failures %s --run %d\n", audience.Thousands(doc.References.More), doc.Sync, doc.Run)
	return err
}
