package main

import (
	"fmt"
	"time"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// The goals beside those that are exact.
const (
	// mostOfFirst is what a refresh in which nothing changed may take of the time
	// of the first run.
	mostOfFirst = 0.35
	// The known failures have to be there for the others to mean something.
	leastKnown, mostKnown = 0.04, 0.06
)

// figuresOf sets what was measured against the goals.
func figuresOf(runs [len(refreshes)]ran, of expected) []table.Figure {
	first, same, changed, left := runs[0], runs[1], runs[2], runs[3]
	ofFirst := same.Wall.Seconds() / first.Wall.Seconds()
	return []table.Figure{
		exactly("run 2, nothing changed: upserts", same.seen.requests, 0),
		table.Goal("run 2: time, as a share of run 1", fmt.Sprintf("%.3f", ofFirst), fmt.Sprintf("<= %.2f", mostOfFirst), ofFirst <= mostOfFirst),
		known("run 2: members that are known failures", same),
		exactly("run 3, 1 % changed: upserts", changed.seen.requests, batches(of.changed)),
		exactly("run 3: contacts in them", changed.seen.contacts, of.changed),
		known("run 3: members that are known failures", changed),
		exactly("run 4, 1 % left: upserts", left.seen.requests, batches(of.left)),
		exactly("run 4: contacts in them", left.seen.contacts, of.left),
		exactly("run 4: removed", left.Report.Leavers.Removed, of.left),
		exactly("run 4: contacts that the segment lost", -left.seen.marked, of.left),
		table.Told("members", audience.Thousands(first.Report.Source.Read)),
		table.Told("run 1: upserts", audience.Thousands(first.seen.requests)),
		table.Told("run 1: members per second", audience.Thousands(int64(float64(first.Report.Source.Read)/first.Wall.Seconds()))),
		took("run 1: time", first), took("run 2: time", same), took("run 3: time", changed), took("run 4: time", left),
	}
}

func took(name string, run ran) table.Figure {
	return table.Told(name, run.Wall.Round(100*time.Millisecond).String())
}

func exactly(name string, measured, goal int64) table.Figure {
	return table.Goal(name, audience.Thousands(measured), "exactly "+audience.Thousands(goal), measured == goal)
}

func known(name string, run ran) table.Figure {
	part := float64(run.Report.KnownFailures) / float64(max(run.Report.Source.Read, 1))
	return table.Goal(name, fmt.Sprintf("%.2f %%", 100*part), fmt.Sprintf("%.0f %% to %.0f %%", 100*leastKnown, 100*mostKnown),
		part >= leastKnown && part <= mostKnown)
}
