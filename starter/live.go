package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// liveView shows a run on a terminal, in place.
type liveView struct {
	screen screen
}

func (v *liveView) show(s standing) error {
	v.screen.draw(liveLines(s, time.Now()))
	return nil
}

func (v *liveView) line(said string) { v.screen.above(said) }

func (v *liveView) end() error {
	v.screen.clear()
	return nil
}

// barWidth is the width of a bar, in characters.
const barWidth = 30

// liveLines are a run at a glance, step by step: those that are over in a line, and the
// one that it is in.
func liveLines(s standing, now time.Time) []string {
	p := s.Progress
	head := p.Sync
	if p.Run > 0 {
		head = fmt.Sprintf("%s, run %d", p.Sync, p.Run)
	}
	lines := []string{fmt.Sprintf("%s, for %s", head, audience.Spell(max(now.Sub(p.StartedAt), 0)))}
	step := func(phase workflows.Phase, said string) {
		mark := " "
		if p.Phase == phase {
			mark = ">"
		}
		lines = append(lines, fmt.Sprintf("%s %-8s %s", mark, phase, said))
	}
	more := func(said string) { lines = append(lines, strings.Repeat(" ", 11)+said) }
	if p.Phase == workflows.PhaseOpen {
		step(workflows.PhaseOpen, "checking connections, tags, properties and the segment")
	}
	if p.Phase == workflows.PhaseRead || p.Pages > 0 {
		step(workflows.PhaseRead, describeRead(p))
	}
	switch {
	case p.Plan != nil:
		step(workflows.PhaseDecide, describePlan(p.Plan))
	case p.Phase == workflows.PhaseDecide:
		step(workflows.PhaseDecide, "comparing with what was brought before")
	}
	if !p.Phase.Before(workflows.PhaseSend) && p.ToSend > 0 {
		parts := describeSend(p)
		step(workflows.PhaseSend, bar(p.Settled, p.ToSend)+" "+parts[0])
		more(strings.Join(parts[1:], ", "))
	}
	if !p.Phase.Before(workflows.PhaseProve) {
		step(workflows.PhaseProve, describeProve(p))
	}
	if s.Waiting != nil {
		lines = append(lines, "  waiting: "+s.Waiting.Line(now))
	}
	if still := s.still(now); still != "" {
		lines = append(lines, "  "+still)
	}
	return lines
}

func describePlan(plan *audience.Plan) string {
	said := fmt.Sprintf("%s to send (%s new), %s unchanged", audience.Thousands(plan.ToSend), audience.Thousands(plan.Joiners), audience.Thousands(plan.Unchanged))
	if plan.Leavers > 0 {
		said += fmt.Sprintf(", %s left", audience.Thousands(plan.Leavers))
	}
	return said
}

// bar is how much of something is done.
func bar(done, all int64) string {
	share := 0.0
	if all > 0 {
		share = min(max(float64(done)/float64(all), 0), 1)
	}
	full := int(share * barWidth)
	return fmt.Sprintf("[%s%s] %3.0f%%", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), share*100)
}

// Escape sequences of every terminal of the last decades.
const (
	lineUp     = "\x1b[%dA"
	clearBelow = "\r\x1b[J"
)

// screen draws lines on a terminal, over those that it drew before.
type screen struct {
	out   io.Writer
	width func() int
	drawn int
	last  []string
}

// draw puts lines in the place of the last ones. A line that would be broken is cut.
func (s *screen) draw(lines []string) {
	s.clear()
	width := s.width()
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(text.Snip(line, width-1, "~") + "\n")
	}
	_, _ = io.WriteString(s.out, b.String()) // Nobody could be told that it cannot be shown.
	s.drawn, s.last = len(lines), lines
}

// above writes a line that stays, over those that are drawn.
func (s *screen) above(line string) {
	last := s.last
	s.clear()
	_, _ = fmt.Fprintln(s.out, line)
	s.draw(last)
}

// clear takes away what was drawn.
func (s *screen) clear() {
	if s.drawn > 0 {
		_, _ = fmt.Fprintf(s.out, lineUp+clearBelow, s.drawn)
	}
	s.drawn, s.last = 0, nil
}

// usualWidth is that of a terminal which does not tell.
const usualWidth = 80

// width is how many characters a line of the terminal takes.
func (a *app) width() int {
	if file, ok := a.stderr.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usualWidth
}
