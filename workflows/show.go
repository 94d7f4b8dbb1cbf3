package workflows

import (
	"fmt"
	"math"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/audience"
)

// paceSure is how long the pace must have been measured before it says more of the time
// that is left than the request budget does.
const paceSure = 5 * time.Second

// moved takes note that the run moves, and how far it has come.
func (r *audienceSync) moved(ctx workflow.Context) {
	now := workflow.Now(ctx)
	r.progress.MovedAt = now
	switch r.progress.Phase {
	case PhaseRead:
		r.pace.note(now, r.progress.Read)
	case PhaseSend:
		r.pace.note(now, r.progress.Settled)
	}
	r.goesOn(ctx)
}

// seen is the progress as it is shown, with what depends on the time.
func (r *audienceSync) seen(ctx workflow.Context) Progress {
	p, now := r.progress, workflow.Now(ctx)
	switch p.Phase {
	case PhaseRead:
		p.Rate = rounded(r.pace.perSecond(now))
	case PhaseSend:
		p.Rate = rounded(r.pace.perSecond(now))
		if r.opened.Allowed != nil {
			p.Allowed = rounded(r.opened.Allowed.ContactsPerSecond())
		}
		if p.Hold == nil && p.Paused == nil {
			p.SecondsLeft = p.secondsLeft(r.pace.lasted(now))
		}
	}
	return p
}

// secondsLeft estimates how long sending goes on: at the pace of the last minute, or, as
// long as that says little, at the pace that is allowed.
func (p *Progress) secondsLeft(measured time.Duration) int64 {
	rate := p.Rate
	if rate <= 0 || measured < paceSure {
		rate = max(p.Allowed, p.Rate)
	}
	left := p.ToSend - p.Settled
	if rate <= 0 || left <= 0 {
		return 0
	}
	return int64(math.Ceil(float64(left) / rate))
}

// rounded keeps three figures.
func rounded(rate float64) float64 {
	if rate >= 100 {
		return math.Round(rate)
	}
	return math.Round(rate*100) / 100
}

func (r *audienceSync) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, r.markdown(ctx))
}

// mostLines bounds the lines of an explanation that are shown.
const mostLines = 8

// markdown is the run at a glance for Temporal's web UI: how far it has come, and at its
// end the verdict with the lines behind it.
func (r *audienceSync) markdown(ctx workflow.Context) string {
	p := r.seen(ctx)
	where := string(p.Phase)
	if r.verdict != "" {
		where = "**" + r.verdict + "**"
	}
	// The web UI shows the details of the start in the first history of a run only.
	text := fmt.Sprintf("**%s**, run %d: %s\n\n%s\n\n", cell(p.Sync), p.Run, where, cell(Summary(r.spec)))
	if r.report != nil {
		text += endOf(r.report)
	}
	return text + table(r.rows(p))
}

// endOf is the sentence about a run that has ended, and the first lines behind it.
func endOf(report *audience.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", cell(report.Summary))
	lines := report.Explanation
	for _, line := range lines[:min(len(lines), mostLines)] {
		fmt.Fprintf(&b, "- %s\n", cell(line))
	}
	if len(lines) > mostLines {
		fmt.Fprintf(&b, "- and %d more: `audiencesync status %s`\n", len(lines)-mostLines, report.Sync)
	}
	if len(lines) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

func (r *audienceSync) rows(p Progress) []tableRow {
	rows := make([]tableRow, 0, 16)
	for _, hold := range []*Hold{p.Hold, p.Paused} {
		if hold != nil {
			rows = append(rows, tableRow{"**waits for " + string(hold.Kind) + "**", hold.Why})
		}
	}
	switch {
	case p.Stalled != nil:
		rows = append(rows, tableRow{"**stands still**", p.Stalled.Words()})
	case p.Phase == PhaseSend && r.postponed.Silence.InARow > 0:
		rows = append(rows, tableRow{"**no answer**", r.postponed.Silence.why()})
	}
	rows = append(rows,
		tableRow{"read", audience.Thousands(p.Read) + perSecond(p, PhaseRead)},
		tableRow{"to send", audience.Thousands(p.ToSend)},
		tableRow{"accepted", audience.Thousands(p.Outcomes.Taken())},
		tableRow{"unchanged", audience.Thousands(p.Outcomes.Unchanged)},
		tableRow{"failures", audience.Thousands(p.Outcomes.Failures())},
		tableRow{"not sent on purpose", audience.Thousands(p.Outcomes.Duplicate + p.Outcomes.Suppressed)})
	if p.Plan != nil && p.Plan.Leavers > 0 {
		rows = append(rows, tableRow{"left the audience", fmt.Sprintf("%s, %s unmarked", audience.Thousands(p.Plan.Leavers), audience.Thousands(p.Leavers.Removed))})
	}
	rows = append(rows,
		tableRow{"batches", fmt.Sprintf("%s of %s, %d under way", audience.Thousands(p.BatchesDone), audience.Thousands(p.Batches), p.InFlight)},
		tableRow{"rate", perSecond(p, PhaseSend)})
	if p.SecondsLeft > 0 {
		rows = append(rows, tableRow{"time left", "about " + audience.Spell(time.Duration(p.SecondsLeft)*time.Second)})
	}
	if p.Expected != nil && p.Counted != nil {
		rows = append(rows, tableRow{"segment", fmt.Sprintf("%s counted, %s expected", audience.Thousands(*p.Counted), audience.Thousands(*p.Expected))})
	}
	return rows
}

// perSecond is the pace in a phase, in words; nothing where there is none.
func perSecond(p Progress, phase Phase) string {
	switch {
	case p.Phase != phase || p.Rate == 0 && p.Allowed == 0:
		return ""
	case phase == PhaseRead:
		return fmt.Sprintf(", %s a second", SpellRate(p.Rate))
	case p.Allowed == 0:
		return fmt.Sprintf("%s members a second", SpellRate(p.Rate))
	default:
		return fmt.Sprintf("%s members a second, %s are allowed", SpellRate(p.Rate), SpellRate(p.Allowed))
	}
}

// SpellRate writes a number a second for people.
func SpellRate(rate float64) string {
	if rate >= 100 || rate == math.Trunc(rate) {
		return audience.Thousands(int64(math.Round(rate)))
	}
	return fmt.Sprintf("%.3g", rate)
}
