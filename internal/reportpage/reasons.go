package reportpage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
)

// reasonTable says why members were not taken, or leavers not unmarked.
type reasonTable struct {
	Rows []reasonRow
	// New and Known are the failures of all rows together, nil for leavers.
	New, Known *value
}

// reasonRow is one reason. New and Known are nil where it is no failure.
type reasonRow struct {
	Reason, Text, Detail string
	Count                value
	New, Known           *value
	Bars                 []bar
}

func reasonsOf(doc *runreport.Document, leavers bool) reasonTable {
	counts, at := doc.Reasons, "reasons"
	if leavers {
		counts, at = doc.LeaverReasons, "leaver_reasons"
	}
	var most int64
	for _, n := range counts {
		most = max(most, n)
	}
	var t reasonTable
	for _, reason := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		code, detail, _ := strings.Cut(reason, ":")
		row := reasonRow{Reason: reason, Text: audience.Reason(code).Explain(), Detail: detail, Count: whole(counts[reason], at, reason)}
		row.fill(doc.FailuresByReason, leavers, counts[reason], most)
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 && !leavers {
		t.New, t.Known = some(&doc.NewFailures, "new_failures"), some(&doc.KnownFailures, "known_failures")
	}
	return t
}

// fill adds how many of the failures are new, and the bars: new, known, and what is
// no failure.
func (r *reasonRow) fill(failures []runreport.FailureReason, leavers bool, count, most int64) {
	at := slices.IndexFunc(failures, func(f runreport.FailureReason) bool { return f.Reason == r.Reason && f.Leaver == leavers })
	if at < 0 {
		r.Bars = []bar{{Width: share(count, most), Tone: "aside"}}
		return
	}
	f := failures[at]
	r.New, r.Known = some(&f.New, "failures_by_reason", at, "new"), some(&f.Known, "failures_by_reason", at, "known")
	x := 0.0
	for _, part := range []struct {
		n    int64
		tone string
	}{{f.New, "new"}, {f.Known, "known"}} {
		if width := share(part.n, most); width > 0 {
			r.Bars = append(r.Bars, bar{X: min(x, 1000-width), Width: width, Tone: part.tone})
			x += width
		}
	}
}

// leftOut is a field that contacts were sent without.
type leftOut struct {
	Text  string
	Count value
}

func leftOutOf(withheld map[string]int64) []leftOut {
	shown := make([]leftOut, 0, len(withheld))
	for _, field := range slices.Sorted(maps.Keys(withheld)) {
		shown = append(shown, leftOut{Text: audience.ExplainWithheld(field), Count: whole(withheld[field], "withheld", field)})
	}
	return shown
}

// planLine is a number of the plan.
type planLine struct {
	Label string
	Value value
	Part  bool
}

func planOf(p *audience.Plan) []planLine {
	if p == nil {
		return nil
	}
	var lines []planLine
	add := func(name, label string, n int64, part, always bool) {
		if n > 0 || always {
			lines = append(lines, planLine{Label: label, Value: whole(n, "plan", name), Part: part})
		}
	}
	add("read", "read", p.Read, false, true)
	add("unchanged", "unchanged: nothing to send", p.Unchanged, true, false)
	add("to_send", "to send", p.ToSend, true, true)
	add("joiners", "of those to send: new in the audience", p.Joiners, true, false)
	add("changes", "of those to send: changed", p.Changes, true, false)
	add("duplicate", "duplicate: not sent", p.Duplicate, true, false)
	add("suppressed", "suppressed: not sent", p.Suppressed, true, false)
	add("invalid", "invalid: not sent", p.Invalid, true, false)
	add("refused", "refused earlier with the same content: not sent", p.Refused, true, false)
	add("marked", "marked before the run", p.Marked, false, true)
	left := "left the audience: to unmark"
	if p.KeepsLeavers {
		left = "left the audience: stay marked"
	}
	add("leavers", left, p.Leavers, true, false)
	add("known_leavers", "of those who left: refused earlier, not asked again", p.KnownLeavers, true, false)
	add("moves", "of those who left: share a phone number or an email address with a member", p.Moves, true, false)
	add("marked_again", "to mark again: share a phone number or an email address with a leaver", p.MarkedAgain, false, false)
	add("batches", "batches", p.Batches, false, false)
	add("requests", "requests", p.Requests, false, false)
	add("further_requests", "further requests, at most", p.FurtherRequests, false, false)
	if p.Seconds > 0 {
		lines = append(lines, planLine{Label: "takes at least", Value: seconds(p.Seconds, "plan", "seconds")})
	}
	return lines
}
