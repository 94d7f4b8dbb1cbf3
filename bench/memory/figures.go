package main

import (
	"fmt"
	"time"

	"audiencesync/bench/table"
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

// figuresOf sets what was measured against the goals.
func figuresOf(ended endedSync, histories []history) []table.Figure {
	peak := float64(ended.memory.peak) / (1 << 20)
	figures := []table.Figure{
		table.Goal("worker peak memory", fmt.Sprintf("%.0f MiB", peak), fmt.Sprintf("< %d MiB", maxMebibytes), peak < maxMebibytes),
	}
	var read, send span
	for i, h := range histories {
		read.join(h.read)
		send.join(h.send)
		if h.batches == 0 {
			continue
		}
		figures = append(figures, h.figures(fmt.Sprintf("Temporal run %d of %d", i+1, len(histories)))...)
	}
	told := func(name, measured string) { figures = append(figures, table.Told(name, measured)) }
	told("members read per second", perSecond(ended.report.Source.Read, read))
	told("members sent per second", perSecond(ended.report.Outcomes.Taken(), send))
	told("members", audience.Thousands(ended.report.Source.Read))
	told("batches", audience.Thousands(ended.report.Batches))
	told("wall time", ended.wall.Round(time.Second).String())
	return figures
}

// figures are those of one Temporal run.
func (h history) figures(name string) []table.Figure {
	rate := float64(h.batches) / h.send.seconds()
	most, which := maxEvents, fmt.Sprintf("from %d batches/s on", slowBatches)
	if rate < slowBatches {
		most, which = maxEventsSlow, fmt.Sprintf("below %d batches/s", slowBatches)
	}
	events, bytes := float64(h.events)/float64(h.batches), float64(h.bytes)/float64(h.batches)
	return []table.Figure{
		table.Goal(
			fmt.Sprintf("history events per batch, %s", name),
			fmt.Sprintf("%.2f (%s events, %s batches, %.1f batches/s)", events, audience.Thousands(h.events), audience.Thousands(h.batches), rate),
			fmt.Sprintf("<= %d (%s)", most, which), events <= float64(most)),
		table.Goal(
			fmt.Sprintf("history bytes per batch, %s", name),
			fmt.Sprintf("%.0f", bytes), fmt.Sprintf("<= %d", maxBytesPerBatch), bytes <= maxBytesPerBatch),
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
