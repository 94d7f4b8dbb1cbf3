package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/internal/audience"
)

// writePlan prints what a run would do, for people.
func writePlan(w io.Writer, r *audience.Report) error {
	p := r.Plan
	if p == nil {
		p = &audience.Plan{}
	}
	lines := []string{fmt.Sprintf("sync %s, plan %d: audience %s %s", r.Sync, r.Run, r.Audience.ID, r.Audience.Name)}
	lines = append(lines, readFromLines(r.Source.Snapshot)...)
	lines = append(lines, "", planTable(p, &r.Source))
	lines = append(lines, reasonLines(r)...)
	lines = append(lines, unfilledLines(r)...)
	lines = append(lines, "")
	lines = append(lines, effort(p)...)
	if len(p.Beyond) > 0 {
		lines = append(lines, "", "the run would stop and ask, with nothing sent, because")
		lines = append(lines, indented(p.Beyond)...)
		lines = append(lines, fmt.Sprintf("and wait for audiencesync approve %s, or decline", r.Sync))
	}
	for _, note := range r.Notes {
		lines = append(lines, "", "a run would be refused: "+note)
	}
	lines = append(lines, "", r.Summary, "")
	_, err := io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

func indented(texts []string) []string {
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = "  " + text
	}
	return lines
}

// planTable are the numbers of a plan, with what the source reported where that is
// known.
func planTable(p *audience.Plan, source *audience.SourceCount) string {
	t := newTable()
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	row := func(name string, n int64, note string) { t.AppendRow(table.Row{name, audience.Thousands(n), note}) }
	some := func(name string, n int64, note string) {
		if n > 0 {
			row(name, n, note)
		}
	}
	if source != nil && source.Reported != nil {
		row("reported by Zeotap", *source.Reported, source.Basis)
	}
	row("read", p.Read, "")
	row("  unchanged", p.Unchanged, "accepted earlier, nothing to send")
	row("  to send", p.ToSend, newAndChanged(p))
	some("  duplicate", p.Duplicate, "not sent: same reference as an earlier member")
	some("  suppressed", p.Suppressed, "not sent")
	some("  invalid", p.Invalid, "not sent: our checks")
	some("  refused", p.Refused, "not sent: Hello Charles said no to the same content")
	row("marked before", p.Marked, "contacts that the ledger holds as marked by this sync")
	switch {
	case p.KeepsWhy != "":
		some("  left the audience", p.Leavers, "stay marked: "+p.KeepsWhy)
	case p.KeepsLeavers:
		some("  left the audience", p.Leavers, "stay marked: mode add unmarks nobody")
	default:
		row("  to unmark", p.ToUnmark(), leftNote(p.ToUnmark()))
		some("    moved", p.Moves, "of those: share a phone number or an email address with a member")
		some("  left, not asked again", p.KnownLeavers, "stay marked: Hello Charles said no to the same request in an earlier run")
		some("to mark again", p.MarkedAgain, "members whose marker may go with that of a leaver")
	}
	return t.Render()
}

func newAndChanged(p *audience.Plan) string {
	if p.ToSend == 0 {
		return ""
	}
	return fmt.Sprintf("%s new, %s changed", audience.Thousands(p.Joiners), audience.Thousands(p.Changes))
}

func leftNote(leavers int64) string {
	if leavers == 0 {
		return ""
	}
	return "left the audience, or are kept out by filter or on_invalid"
}

// effort says what a plan takes.
func effort(p *audience.Plan) []string {
	if p.Requests == 0 {
		return []string{"no requests"}
	}
	said := counted(p.Requests, "request", "requests") + " in " + counted(p.Batches, "batch", "batches")
	if p.FurtherRequests > 0 {
		said += ", and up to " + audience.Thousands(p.FurtherRequests) + " more for contacts whose phone number or email address changed"
	}
	return []string{said, "at least " + audience.Spell(time.Duration(p.Seconds*float64(time.Second))) + " at the limits of the destination"}
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return audience.Thousands(n) + " " + many
}
