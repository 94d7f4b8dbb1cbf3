package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// demoReport is the report of a usual run, with changes.
func demoReport(change func(*audience.Report)) *audience.Report {
	began := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	reported, counted := int64(100_000), int64(98_412)
	r := &audience.Report{
		Sync: "demo", Run: 3,
		Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
		Source:   audience.SourceCount{Reported: &reported, Basis: "unique_customers", AsOf: began, Read: 100_000},
		Outcomes: audience.Outcomes{Unchanged: 90_000, Created: 8000, Updated: 412, Invalid: 1000, Duplicate: 488, Refused: 100},
		Reasons: map[string]int64{
			string(audience.ReferenceMissing):                         1000,
			string(audience.ReferenceSeenBefore):                      488,
			string(audience.RefusedByHelloCharles) + ":phone_invalid": 100,
		},
		NewFailures: 1090, KnownFailures: 10,
		Segment: audience.SegmentCount{
			ID: "seg-984", Expected: 98_412, Counted: &counted, Evidence: audience.EvidenceCounted,
		},
		Verdict: audience.Explained, Acceptable: true, Summary: "The one sentence.",
		Batches: 10, Requests: 11, StartedAt: began, FinishedAt: began.Add(75*time.Second + 250*time.Millisecond),
	}
	if change != nil {
		change(r)
	}
	return r
}

func TestReportsReadLikeThis(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*audience.Report){
		"explained": nil,
		"equal": func(r *audience.Report) {
			r.Outcomes = audience.Outcomes{Accepted: 98_412}
			r.Source.Read, *r.Source.Reported = 98_412, 98_412
			r.Reasons, r.Withheld = nil, map[string]int64{"email": 12, "phone": 3}
			r.Verdict = audience.Equal
		},
		"outside-accept": func(r *audience.Report) {
			r.Acceptable = false
			r.Explanation = []string{"invalid: 10,000 of 100,000 is more than accept.invalid allows (5%)"}
		},
		"unexplained": func(r *audience.Report) {
			*r.Segment.Counted = 98_000
			r.Outcomes.Refused, r.Outcomes.Unresolved = 50, 50
			r.Verdict, r.Acceptable = audience.Unexplained, false
			r.Explanation = []string{"one line behind the verdict", "another"}
		},
		"unverifiable": func(r *audience.Report) {
			r.Source.Reported, r.Segment.Counted, r.Segment.Evidence = nil, nil, audience.EvidenceNone
			r.Verdict = audience.Unverifiable
		},
		"approved": func(r *audience.Report) {
			r.Decisions = []audience.Decision{{
				What: audience.Approve, About: "d1-1", By: "ada", Why: "known test numbers", At: time.Date(2026, time.March, 2, 12, 0, 0, 0, time.Local),
			}}
		},
		"unfilled": func(r *audience.Report) {
			r.Source.Unfilled = []audience.UnfilledField{{Field: "citty", Meant: "city"}, {Field: "nick"}}
		},
		"there-before": func(r *audience.Report) {
			r.Segment.Before, *r.Segment.Counted = 500, 98_800
		},
		"left-and-stale": func(r *audience.Report) {
			r.Segment.Left, r.Segment.Stale = 300, 20
			r.Segment.Expected, *r.Segment.Counted = 98_732, 98_732
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			require.NoError(t, writeReport(&text, demoReport(change)))
			requireText(t, "reports/"+name+".txt", text.String())
		})
	}
}

// mirrorReport is the judged report of a run in mode mirror.
func mirrorReport(change func(*audience.Report)) *audience.Report {
	return judged(func(r *audience.Report) {
		r.Outcomes = audience.Outcomes{Unchanged: 96_000, Created: 1000, Updated: 1412, Invalid: 1000, Duplicate: 488, Refused: 100}
		r.Plan = &audience.Plan{
			Read: 100_000, Unchanged: 96_000, ToSend: 2502, Joiners: 1050, Changes: 1452, Invalid: 1000, Duplicate: 488, Refused: 10,
			Marked: 99_000, Leavers: 1200, KnownLeavers: 2, Moves: 5, MarkedAgain: 3, Batches: 6, Requests: 6, FurtherRequests: 1, Seconds: 3,
		}
		r.Leavers = audience.Leavers{Removed: 1180, Gone: 12, Refused: 8}
		r.LeaverReasons = map[string]int64{string(audience.RefusedByHelloCharles) + ":contact_blocked": 8}
		r.MarkedAgain = 3
		r.Segment.Left, r.Segment.Expected, *r.Segment.Counted = 8, 98_420, 98_420
		if change != nil {
			change(r)
		}
	})
}

// judged is a report with the verdict and the summary that follow from it.
func judged(change func(*audience.Report)) *audience.Report {
	r := demoReport(change)
	audience.Judge(r, audience.Tolerance{Invalid: 0.02, Refused: 0.01})
	return r
}

// planned is the report of a run that was asked for its plan only.
func planned(r *audience.Report) {
	r.Ended, r.Outcomes, r.Leavers, r.LeaverReasons, r.MarkedAgain = audience.EndedPlanned, audience.Outcomes{Unchanged: 96_000}, audience.Leavers{}, nil, 0
	delete(r.Reasons, string(audience.RefusedByHelloCharles)+":phone_invalid")
	r.Reasons[string(audience.RefusedByHelloCharles)+":phone_invalid"] = 10
}

func TestReportsOfAMirrorReadLikeThis(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]*audience.Report{
		"mirror": mirrorReport(nil),
		"mirror-approved": mirrorReport(func(r *audience.Report) {
			r.Plan.Leavers, r.Plan.KnownLeavers, r.Leavers = 60_000, 0, audience.Leavers{Removed: 60_000}
			r.Plan.Beyond = []string{"60,000 contacts would be unmarked, 60.6% of the 99,000 that the sync has marked; gate.leavers.share is 20%"}
			r.LeaverReasons, r.Segment.Left, r.Segment.Expected, *r.Segment.Counted = nil, 0, 98_412, 98_412
			r.Decisions = []audience.Decision{{
				What: audience.Approve, About: "d1-1", By: "ada", Why: "the campaign has ended", At: time.Date(2026, time.March, 2, 12, 0, 0, 0, time.Local),
			}}
		}),
		"mirror-declined": mirrorReport(func(r *audience.Report) {
			r.Ended, r.Outcomes = audience.EndedDeclined, audience.Outcomes{Unchanged: 96_000, Invalid: 1000, Duplicate: 488, Refused: 10, Unresolved: 2502}
			r.Reasons = map[string]int64{string(audience.NotSentBeforeEnd): 2502, string(audience.ReferenceMissing): 1000}
			r.Leavers, r.LeaverReasons = audience.Leavers{Unresolved: 1200}, map[string]int64{string(audience.NotSentBeforeEnd): 1200}
			r.MarkedAgain, r.Batches, r.Requests, r.Segment.Counted = 0, 0, 0, nil
			r.Segment.Expected, r.Segment.Left = 99_000, 1200
		}),
		"add-left": judged(func(r *audience.Report) {
			r.Plan = &audience.Plan{Read: 100_000, Leavers: 300, KeepsLeavers: true}
			r.Leavers, r.Segment.Left = audience.Leavers{Kept: 300}, 300
			r.Segment.Expected, *r.Segment.Counted = 98_712, 98_712
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			require.NoError(t, (&app{stdout: &text, output: outputTable}).printReport(report))
			requireText(t, "reports/"+name+".txt", text.String())
		})
	}
}

func TestPlansReadLikeThis(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*audience.Report){
		"plan-mirror": planned,
		"plan-asks": func(r *audience.Report) {
			planned(r)
			r.Plan.Leavers, r.Plan.KnownLeavers, r.Plan.Moves, r.Plan.MarkedAgain = 60_000, 0, 0, 0
			r.Plan.Batches, r.Plan.Requests, r.Plan.FurtherRequests, r.Plan.Seconds = 63, 63, 0, 32
			r.Plan.Beyond = []string{"60,000 contacts would be unmarked, 60.6% of the 99,000 that the sync has marked; gate.leavers.share is 20%"}
		},
		"plan-add": func(r *audience.Report) {
			planned(r)
			r.Plan.KeepsLeavers, r.Plan.KnownLeavers, r.Plan.Moves, r.Plan.MarkedAgain = true, 0, 0, 0
			r.Source.Unfilled = []audience.UnfilledField{{Field: "citty", Meant: "city"}}
			r.Leavers = audience.Leavers{Kept: 1200}
		},
		"plan-nothing": func(r *audience.Report) {
			planned(r)
			r.Outcomes, r.Reasons, r.Source.Read = audience.Outcomes{Unchanged: 99_000}, nil, 99_000
			r.Plan = &audience.Plan{Read: 99_000, Unchanged: 99_000, Marked: 99_000}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			report := mirrorReport(change)
			require.Equal(t, audience.EndedPlanned, report.Ended)
			require.NoError(t, (&app{stdout: &text, output: outputTable}).printReport(report))
			requireText(t, "reports/"+name+".txt", text.String())
		})
	}
}

func TestTheDocumentShowsAPlanAsItIsPrinted(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "docs", "refresh.md"))
	require.NoError(t, err)
	plan, err := os.ReadFile(filepath.Join("testdata", "reports", "plan-asks.txt"))
	require.NoError(t, err)
	require.Contains(t, string(document), "<!-- plan -->\n```\n"+string(plan)+"```\n")
}

func TestAReportAsJSONIsOneObject(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	require.NoError(t, (&app{stdout: &text, output: outputJSON}).printReport(demoReport(nil)))
	requireText(t, "reports/explained.json", text.String())
}

func TestAReportOfOneBatchSaysSo(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	require.NoError(t, writeReport(&text, demoReport(func(r *audience.Report) { r.Batches, r.Requests = 1, 1 })))
	require.Contains(t, text.String(), "(1 batch, 1 request, ")
}
