package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/internal/audience"
)

// The goals. A Temporal run whose batches come slowly has a workflow task for
// each of them, which is two or three events more.
const (
	maxMebibytes     = 256
	maxBytesPerBatch = 1024
	maxEvents        = 5
	maxEventsSlow    = 7
	slowBatches      = 10 // batches per second
)

// figure is one thing that was measured.
type figure struct {
	name     string
	measured string
	// goal is empty for what is only told.
	goal string
	met  bool
}

// figuresOf sets what was measured against the goals.
func figuresOf(ended endedSync, histories []history) []figure {
	peak := float64(ended.memory.peak) / (1 << 20)
	figures := []figure{{
		"worker peak memory", fmt.Sprintf("%.0f MiB", peak), fmt.Sprintf("< %d MiB", maxMebibytes), peak < maxMebibytes,
	}}
	var read, send span
	for i, h := range histories {
		read.join(h.read)
		send.join(h.send)
		if h.batches == 0 {
			continue
		}
		figures = append(figures, h.figures(fmt.Sprintf("Temporal run %d of %d", i+1, len(histories)))...)
	}
	told := func(name, measured string) { figures = append(figures, figure{name: name, measured: measured}) }
	told("members read per second", perSecond(ended.report.Source.Read, read))
	told("members sent per second", perSecond(ended.report.Outcomes.Taken(), send))
	told("members", audience.Thousands(ended.report.Source.Read))
	told("batches", audience.Thousands(ended.report.Batches))
	told("wall time", ended.wall.Round(time.Second).String())
	return figures
}

// figures are those of one Temporal run.
func (h history) figures(name string) []figure {
	rate := float64(h.batches) / h.send.seconds()
	most, which := maxEvents, fmt.Sprintf("from %d batches/s on", slowBatches)
	if rate < slowBatches {
		most, which = maxEventsSlow, fmt.Sprintf("below %d batches/s", slowBatches)
	}
	events, bytes := float64(h.events)/float64(h.batches), float64(h.bytes)/float64(h.batches)
	return []figure{
		{
			fmt.Sprintf("history events per batch, %s", name),
			fmt.Sprintf("%.2f (%s events, %s batches, %.1f batches/s)", events, audience.Thousands(h.events), audience.Thousands(h.batches), rate),
			fmt.Sprintf("<= %d (%s)", most, which), events <= float64(most),
		},
		{
			fmt.Sprintf("history bytes per batch, %s", name),
			fmt.Sprintf("%.0f", bytes), fmt.Sprintf("<= %d", maxBytesPerBatch), bytes <= maxBytesPerBatch,
		},
	}
}

func (s *span) join(other span) {
	if !other.from.IsZero() {
		s.add(other.from)
		s.add(other.to)
	}
}

func perSecond(members int64, in span) string {
	return audience.Thousands(int64(float64(members) / max(in.seconds(), 0.001)))
}

func allMet(figures []figure) bool {
	for _, f := range figures {
		if f.goal != "" && !f.met {
			return false
		}
	}
	return true
}

// write prints the figures as a table.
func write(w io.Writer, figures []figure) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"figure", "measured", "goal", "met"})
	for _, f := range figures {
		met := ""
		switch {
		case f.goal != "" && f.met:
			met = "yes"
		case f.goal != "":
			met = "NO"
		}
		t.AppendRow(table.Row{f.name, f.measured, f.goal, met})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}
