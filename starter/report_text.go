package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/internal/audience"
)

// writeReport prints a report for people: the funnel, the reasons, the
// verdict, and the one sentence.
func writeReport(w io.Writer, r *audience.Report) error {
	t := newTable()
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	row := func(name string, n int64, note string) { t.AppendRow(table.Row{name, audience.Thousands(n), note}) }

	if r.Source.Reported != nil {
		row("reported by Zeotap", *r.Source.Reported, r.Source.Basis)
	}
	row("read", r.Source.Read, "")
	for _, line := range []struct {
		outcome audience.Outcome
		note    string
	}{
		{audience.Unchanged, "accepted earlier, nothing to send"},
		{audience.Created, ""},
		{audience.Updated, ""},
		{audience.Accepted, "taken; created or updated is not told"},
		{audience.Duplicate, "not sent: same reference as an earlier member"},
		{audience.Suppressed, "not sent"},
		{audience.Invalid, "not sent: our checks"},
		{audience.Refused, "Hello Charles said no"},
		{audience.Unresolved, unresolvedNote(r, "nobody knows")},
	} {
		if n := r.Outcomes.Of(line.outcome); n > 0 {
			row("  "+string(line.outcome), n, line.note)
		}
	}
	if r.KnownFailures > 0 {
		row("  known failures", r.KnownFailures, "of the above: an earlier run met them with the same content")
	}
	if left := r.Leavers.Total(); left > 0 {
		row("left the audience", left, "or may not be in it any more")
	}
	for _, line := range []struct {
		outcome audience.Outcome
		note    string
	}{
		{audience.Removed, "the marker was taken away"},
		{audience.Gone, "Hello Charles holds them no more"},
		{audience.Kept, "stay marked: mode add unmarks nobody"},
		{audience.Refused, "stay marked: Hello Charles said no"},
		{audience.Unresolved, unresolvedNote(r, "nobody knows whether they are marked")},
	} {
		if n := r.Leavers.Of(line.outcome); n > 0 {
			row("  "+string(line.outcome), n, line.note)
		}
	}
	if r.MarkedAgain > 0 {
		row("marked again", r.MarkedAgain, "unchanged members who share a phone number or an email address with a leaver")
	}
	row("expected in segment", r.Segment.Expected, "contacts that the ledger holds as marked")
	if r.Segment.Left > 0 {
		row("  left the audience", r.Segment.Left, "still marked")
	}
	if r.Segment.Stale > 0 {
		row("  stale", r.Segment.Stale, "accepted earlier, this update failed")
	}
	if r.Segment.Before > 0 {
		row("there before us", r.Segment.Before, "in the segment before the first run, and not ours: so many more may be counted")
	}
	if r.Segment.Counted != nil {
		row("counted in segment", *r.Segment.Counted, "contacts, not reachable contacts; segment "+r.Segment.ID)
	} else {
		t.AppendRow(table.Row{"counted in segment", "-", "no count"})
	}
	lines := []string{
		fmt.Sprintf("sync %s, run %d: audience %s %s", r.Sync, r.Run, r.Audience.ID, r.Audience.Name), "", t.Render(),
	}
	lines = append(lines, reasonLines(r)...)
	lines = append(lines, countedReasons("why leavers were not unmarked:", r.LeaverReasons)...)
	lines = append(lines, withheldLines(r)...)
	lines = append(lines, "", fmt.Sprintf("verdict: %s%s  (%d batches, %d requests, %s)", r.Verdict, numbersOnly(r), r.Batches, r.Requests,
		r.FinishedAt.Sub(r.StartedAt).Round(100*time.Millisecond)))
	for _, line := range r.Explanation {
		lines = append(lines, "  "+line)
	}
	if r.Verdict == audience.Explained && !r.Acceptable {
		lines = append(lines, "  the run counts as failed until the cause is mended or accept allows it")
	}
	if r.Ended == "" && r.Plan != nil && len(r.Plan.Beyond) > 0 {
		lines = append(lines, "  before anything was sent the run asked, because")
		lines = append(lines, indented(indented(r.Plan.Beyond))...)
	}
	lines = append(lines, decisionLines(r)...)
	lines = append(lines, "", r.Summary, "")
	_, err := io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

// unresolvedNote says what is known of those who are unresolved.
func unresolvedNote(r *audience.Report, usual string) string {
	if r.Ended != "" {
		return "not sent, or sent without an answer, when the run ended"
	}
	return usual
}

// numbersOnly says what an equal verdict rests on when only counts agree.
func numbersOnly(r *audience.Report) string {
	if r.Verdict == audience.Equal && r.Segment.Evidence == audience.EvidenceCounted {
		return ", numbers only"
	}
	return ""
}

func reasonLines(r *audience.Report) []string { return countedReasons("why:", r.Reasons) }

func countedReasons(title string, reasons map[string]int64) []string {
	if len(reasons) == 0 {
		return nil
	}
	lines := []string{"", title}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	}) {
		code, detail, _ := strings.Cut(reason, ":")
		line := fmt.Sprintf("  %8s  %s", audience.Thousands(reasons[reason]), audience.Reason(code).Explain())
		if detail != "" {
			line += " (" + detail + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

func leftOut(field string) string {
	switch field {
	case "phone", "email":
		return "sent without " + field + ", whose value is not usable"
	case "changed_phone", "changed_email":
		return "sent without " + strings.TrimPrefix(field, "changed_") + ", which changed: Hello Charles does not confirm that it still holds the contact (docs/refresh.md, Erased contacts)"
	case "tags":
		return "tags that are not allowed or do not exist (failures --withheld lists them)"
	default:
		return "of " + field + ": no usable value, or no such option (failures --withheld lists them)"
	}
}

// decisionLines say who steered the run.
func decisionLines(r *audience.Report) []string {
	lines := make([]string, len(r.Decisions))
	for i, d := range r.Decisions {
		lines[i] = fmt.Sprintf("  %s: %s by %s", d.At.Local().Format(time.DateTime), d.What, d.By)
		if d.Why != "" {
			lines[i] += ": " + d.Why
		}
	}
	return lines
}

// withheldLines are about contacts that were sent, though not whole.
func withheldLines(r *audience.Report) []string {
	if len(r.Withheld) == 0 {
		return nil
	}
	lines := []string{"", "left out:"}
	for _, field := range slices.Sorted(maps.Keys(r.Withheld)) {
		lines = append(lines, fmt.Sprintf("  %8s  %s", audience.Thousands(r.Withheld[field]), leftOut(field)))
	}
	return lines
}
