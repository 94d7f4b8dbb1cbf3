package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/internal/audience"
	"audiencesync/internal/preflight"
)

// writePlan prints what a run would do, for people.
func writePlan(w io.Writer, r *audience.Report) error {
	p := r.Plan
	if p == nil {
		p = &audience.Plan{}
	}
	t := newTable()
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	row := func(name string, n int64, note string) { t.AppendRow(table.Row{name, audience.Thousands(n), note}) }
	some := func(name string, n int64, note string) {
		if n > 0 {
			row(name, n, note)
		}
	}
	if r.Source.Reported != nil {
		row("reported by Zeotap", *r.Source.Reported, r.Source.Basis)
	}
	row("read", p.Read, "")
	row("  unchanged", p.Unchanged, "accepted earlier, nothing to send")
	row("  to send", p.ToSend, fmt.Sprintf("%s new, %s changed", audience.Thousands(p.Joiners), audience.Thousands(p.Changes)))
	some("  duplicate", p.Duplicate, "not sent: same reference as an earlier member")
	some("  suppressed", p.Suppressed, "not sent")
	some("  invalid", p.Invalid, "not sent: our checks")
	some("  refused", p.Refused, "not sent: Hello Charles said no to the same content")
	row("marked before", p.Marked, "contacts that the ledger holds as marked")
	kept := r.Leavers.Kept > 0
	switch {
	case kept:
		row("  left the audience", p.Leavers, "stay marked: mode add unmarks nobody")
	default:
		row("  to unmark", p.Leavers-p.KnownLeavers, "left the audience, or may not be in it")
		some("  left, and refused", p.KnownLeavers, "not sent: Hello Charles said no to the same request")
		some("  moved", p.Moves, "of those: share a phone number or an email address with a member")
		some("  to mark again", p.MarkedAgain, "members whose mark may go with a leaver")
	}
	lines := []string{fmt.Sprintf("sync %s, plan %d: audience %s %s", r.Sync, r.Run, r.Audience.ID, r.Audience.Name), "", t.Render()}
	lines = append(lines, reasonLines(r)...)
	lines = append(lines, "", effort(p))
	if len(p.Beyond) > 0 {
		lines = append(lines, "", "the run would stop and ask, with nothing sent:")
		for _, why := range p.Beyond {
			lines = append(lines, "  "+why)
		}
	}
	for _, note := range r.Notes {
		lines = append(lines, "", "a run would be refused: "+note)
	}
	lines = append(lines, "", r.Summary, "")
	_, err := io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

// effort says what a plan takes.
func effort(p *audience.Plan) string {
	if p.Requests == 0 {
		return "no requests"
	}
	said := fmt.Sprintf("%s requests in %s batches", audience.Thousands(p.Requests), audience.Thousands(p.Batches))
	if p.FurtherRequests > 0 {
		said += fmt.Sprintf(", and up to %s more where Hello Charles holds the contact and its phone number or email address changed", audience.Thousands(p.FurtherRequests))
	}
	return said + "; at least " + preflight.Spell(time.Duration(p.Seconds*float64(time.Second))) + " at the limits of the destination"
}
