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
	for _, line := range r.Lines() {
		label, number := line.Label, "-"
		if line.Part {
			label = "  " + label
		}
		if line.N != nil {
			number = audience.Thousands(*line.N)
		}
		t.AppendRow(table.Row{label, number, line.Note})
	}
	lines := []string{
		fmt.Sprintf("sync %s, %s %d: audience %s %s", r.Sync, kindOfRun(r), r.Run, r.Audience.ID, r.Audience.Name),
	}
	lines = append(lines, readFromLines(r.Source.Snapshot)...)
	lines = append(lines, "", t.Render())
	lines = append(lines, reasonLines(r)...)
	lines = append(lines, countedReasons("why leavers were not unmarked:", r.LeaverReasons)...)
	lines = append(lines, withheldLines(r)...)
	lines = append(lines, "", fmt.Sprintf("verdict: %s%s  (%s, %s, %s)", r.Verdict, numbersOnly(r),
		audience.Count(r.Batches, "batch", "batches"), audience.Count(r.Requests, "request", "requests"),
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
	lines = append(lines, "", r.Summary)
	lines = append(lines, unfilledLines(r)...)
	lines = append(lines, "")
	_, err := io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

// readFromLines say what was read, how old it is, and what is to be known of it.
func readFromLines(from *audience.ReadFrom) []string {
	if from == nil {
		return nil
	}
	said := "read: " + printable(from.What(), "")
	if !from.AsOf.IsZero() {
		said += ", as of " + from.AsOf.Local().Format("2006-01-02 15:04:05 MST")
	}
	lines := []string{said}
	for _, note := range from.Notes {
		lines = append(lines, "  note: "+printable(note, ""))
	}
	return lines
}

// kindOfRun names what brings no members as what it is. All are counted together.
func kindOfRun(r *audience.Report) string {
	switch {
	case r.Verified:
		return "proof"
	case r.Audited:
		return "audit"
	case r.Ended == audience.EndedPlanned:
		return "plan"
	default:
		return "run"
	}
}

// unfilledLines name the fields that no member has. That may be right, and is no part of
// the verdict.
func unfilledLines(r *audience.Report) []string {
	if text := r.Source.UnfilledText(); text != "" {
		return []string{"", text}
	}
	return nil
}

// numbersOnly says what an equal verdict rests on when only counts agree.
func numbersOnly(r *audience.Report) string {
	switch {
	case r.Verdict != audience.Equal:
		return ""
	case r.Segment.Evidence == audience.EvidenceCounted:
		return ", numbers only"
	case r.Segment.Evidence == audience.EvidenceEntered:
		return ", numbers only, as counted by a person"
	default:
		return ""
	}
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
		lines = append(lines, fmt.Sprintf("  %8s  %s", audience.Thousands(reasons[reason]), audience.ExplainReason(reason)))
	}
	return lines
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
		lines = append(lines, fmt.Sprintf("  %8s  %s", audience.Thousands(r.Withheld[field]), audience.ExplainWithheld(field)))
	}
	return lines
}
