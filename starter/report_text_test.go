package main

import (
	"bytes"
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

func TestAReportAsJSONIsOneObject(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	require.NoError(t, (&app{stdout: &text, output: outputJSON}).printReport(demoReport(nil)))
	requireText(t, "reports/explained.json", text.String())
}
