package main

import (
	"fmt"
	"time"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// The goals. A run whose batches come slowly has a workflow task for
// each of them, which is two or three events more.
const (
	maxMebibytes     = 256
	maxBytesPerBatch = 1024
	maxEvents        = 5
	maxEventsSlow    = 7
	slowBatches      = 10 // batches per second
	// manyBatches are enough for a Temporal run to be held against the goals by itself: one
	// of fewer is mostly the proof and the end of the sync.
	manyBatches = 100
)

// figuresOf sets what was measured against the goals: memory in all runs, the
// rest in the first one, which has the most batches.
func figuresOf(ran []ranSync) []table.Figure {
	first, last := ran[0], ran[len(ran)-1]
	var figures []table.Figure
	for _, r := range ran {
		peak := float64(r.memory.peak) / (1 << 20)
		figures = append(figures, table.Goal("worker peak memory, "+r.kind.name,
			fmt.Sprintf("%.0f MiB", peak), fmt.Sprintf("< %d MiB", maxMebibytes), peak < maxMebibytes))
	}
	told := func(name, measured string) { figures = append(figures, table.Told(name, measured)) }
	var all history
	for _, h := range first.histories {
		all.join(h)
	}
	if all.batches > 0 {
		figures = append(figures, all.figures("all Temporal runs")...)
	}
	for i, h := range first.histories {
		name := fmt.Sprintf("Temporal run %d of %d", i+1, len(first.histories))
		if h.batches >= manyBatches {
			figures = append(figures, h.figures(name)...)
		} else {
			told(name, fmt.Sprintf("%s events, %s bytes, %s batches", audience.Thousands(h.events), audience.Thousands(h.bytes), audience.Thousands(h.batches)))
		}
	}
	told("members read per second", perSecond(first.Report.Source.Read, all.read))
	told("members sent per second", perSecond(first.Report.Outcomes.Taken(), all.send))
	told("members", audience.Thousands(first.Report.Source.Read))
	told("batches", audience.Thousands(first.Report.Batches))
	told("ledger bytes per member, after the first run", perMember(first, first))
	told("ledger bytes per member, after all runs", perMember(last, first))
	for _, r := range ran {
		told("wall time, "+r.kind.name, r.Wall.Round(time.Second).String())
	}
	return figures
}

// perMember is the size of the ledger after a run, for each member of the first.
func perMember(after, first ranSync) string {
	return audience.Thousands(after.ledger / max(first.Report.Source.Read, 1))
}

// join adds what another Temporal run of the chain has.
func (h *history) join(other history) {
	h.events += other.events
	h.bytes += other.bytes
	h.batches += other.batches
	h.read.join(other.read)
	h.send.join(other.send)
}

// figures are those of one Temporal run, or of all.
func (h history) figures(name string) []table.Figure {
	rate := float64(h.batches) / h.send.seconds()
	most, which := maxEvents, fmt.Sprintf("from %d batches/s on", slowBatches)
	if rate < slowBatches {
		most, which = maxEventsSlow, fmt.Sprintf("below %d batches/s", slowBatches)
	}
	events, bytes := float64(h.events)/float64(h.batches), float64(h.bytes)/float64(h.batches)
	return []table.Figure{
		table.Goal(
			"history events per batch, "+name,
			fmt.Sprintf("%.2f (%s events, %s batches, %.1f batches/s)", events, audience.Thousands(h.events), audience.Thousands(h.batches), rate),
			fmt.Sprintf("<= %d (%s)", most, which), events <= float64(most)),
		table.Goal(
			"history bytes per batch, "+name,
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
