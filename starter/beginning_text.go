package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/internal/audience"
	"audiencesync/internal/beginning"
)

// countTable is a table of counts, with a remark for each.
type countTable struct{ table.Writer }

func newCountTable() countTable {
	t := newTable()
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	return countTable{t}
}

func (t countTable) row(name string, n int64, remark string) {
	t.AppendRow(table.Row{name, audience.Thousands(n), remark})
}

// some is a row that is left out when there are none.
func (t countTable) some(name string, n int64, remark string) {
	if n > 0 {
		t.row(name, n, remark)
	}
}

// counted is the row of the segment's count.
func (t countTable) counted(n *int64, why string) {
	if n == nil {
		t.AppendRow(table.Row{"counted in segment", "-", why})
		return
	}
	t.row("counted in segment", *n, "")
}

func writeAdopted(w io.Writer, done beginning.Adopted) error {
	t := newCountTable()
	t.row("listed", done.Listed, "contacts of the segment, or lines of the file")
	t.row("members", done.Members, "references that the sync has marked, from now on")
	t.row("  new", done.New, "the ledger did not know them as members")
	t.some("  merged", done.Merged, "contacts with several references")
	t.some("  spelled otherwise", done.SpelledOtherwise, "not as this sync spells references: no member of the audience has them")
	t.some("came again", done.Repeated, "the same reference, counted once")
	t.some("of others", done.OfOthers, "references of other source types only: not ours")
	t.some("without reference", done.Unreferenced, "not ours")
	t.counted(done.Counted, done.Why)
	t.row("there before us", done.NotOurs, "so many more than expected may be counted in reports")
	text := fmt.Sprintf("sync %s: segment %s, workspace %s\n\n%s\n\n", done.Sync, done.Segment, done.Workspace, t.Render())
	if done.Moved {
		text += "The segment changed while it was listed, or its count lags behind: adopt again before the first run.\n"
	}
	if done.Counted != nil && *done.Counted < done.Members {
		text += "The segment counts fewer contacts than are members now: contacts were merged, the count lags behind, or the file is of another time or segment.\n"
	}
	_, err := io.WriteString(w, text+"Adopted. Nothing was sent; see what the first run would do: audiencesync plan "+done.Sync+".yaml\n")
	return err
}

func writeIgnored(w io.Writer, done beginning.Ignored) error {
	t := newCountTable()
	t.counted(done.Counted, done.Why)
	t.some("members", done.Held, "a trial brought them")
	t.some("forgotten", done.Forgotten, "adopted before, and members no more")
	t.row("there before us", done.NotOurs, "so many more than expected may be counted in reports")
	_, err := fmt.Fprintf(w, "sync %s: segment %s, workspace %s\n\n%s\n\nIgnored. Nothing was sent.\n", done.Sync, done.Segment, done.Workspace, t.Render())
	return err
}
