package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// good are runs that meet every goal: 2,001 changed, 1,000 left.
func good() [len(refreshes)]ran {
	var runs [len(refreshes)]ran
	for i := range runs {
		runs[i].Wall = 20 * time.Second
		runs[i].Report.Source.Read = 100_000
		runs[i].Report.KnownFailures = 5_000
	}
	runs[0].Wall, runs[1].Wall = 100*time.Second, 35*time.Second
	runs[0].seen = traffic{requests: 99, contacts: 98_300, marked: 94_500}
	runs[2].seen = traffic{requests: 3, contacts: 2001}
	runs[3].seen = traffic{requests: 1, contacts: 1000, marked: -1000}
	runs[3].Report.Leavers = audience.Leavers{Removed: 1000}
	return runs
}

func TestEachGoalCanBeMissed(t *testing.T) {
	t.Parallel()
	of := expected{changed: 2001, left: 1000}
	require.True(t, table.AllMet(figuresOf(good(), of)), figuresOf(good(), of))
	for name, spoil := range map[string]func(runs *[len(refreshes)]ran){
		"run 2, nothing changed: upserts":        func(runs *[len(refreshes)]ran) { runs[1].seen.requests = 1 },
		"run 2: time, as a share of run 1":       func(runs *[len(refreshes)]ran) { runs[1].Wall += time.Second },
		"run 2: members that are known failures": func(runs *[len(refreshes)]ran) { runs[1].Report.KnownFailures = 3_999 },
		"run 3, 1 % changed: upserts":            func(runs *[len(refreshes)]ran) { runs[2].seen.requests = 2 },
		"run 3: contacts in them":                func(runs *[len(refreshes)]ran) { runs[2].seen.contacts++ },
		"run 3: members that are known failures": func(runs *[len(refreshes)]ran) { runs[2].Report.KnownFailures = 6_001 },
		"run 4, 1 % left: upserts":               func(runs *[len(refreshes)]ran) { runs[3].seen.requests = 2 },
		"run 4: contacts in them":                func(runs *[len(refreshes)]ran) { runs[3].seen.contacts++ },
		"run 4: removed":                         func(runs *[len(refreshes)]ran) { runs[3].Report.Leavers.Removed-- },
		"run 4: contacts that the segment lost":  func(runs *[len(refreshes)]ran) { runs[3].seen.marked++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := good()
			spoil(&runs)
			var missed []string
			for _, f := range figuresOf(runs, of) {
				if f.Goal != "" && !f.Met {
					missed = append(missed, f.Name)
				}
			}
			require.Equal(t, []string{name}, missed)
		})
	}
}
