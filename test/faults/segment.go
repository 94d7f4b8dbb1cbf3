package main

import (
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/faults"
)

// always says that nobody has to tell whether a fault was met: what the vendors show is
// another one.
func always(*cell) bool { return true }

// ofTheSegment are the faults of counts and lists.
func ofTheSegment() []*fault {
	preview := func(p faults.Preview) func(*cell) faults.Plan {
		return func(*cell) faults.Plan { return faults.Plan{Preview: p} }
	}
	return []*fault{
		{at: atCharles, name: "the segment lags, in steps, and dips", met: always, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Counts: &faults.Counts{
				Delay: faults.Duration(time.Second), Step: faults.Duration(time.Duration(200+c.random.IntN(400)) * time.Millisecond), Dip: 0.05,
			}}
		})},
		{at: atCharles, name: "the segment's list is forbidden", met: always, strike: plan(preview(faults.Preview{Forbidden: true})), ends: ending{
			report: func(c *cell, report audience.Report) {
				c.found.Expect(report.Segment.Evidence == audience.EvidenceCounted, "the verdict rests on %s", report.Segment.Evidence)
			},
		}},
		{at: atCharles, name: "the count's header is missing", met: always, strike: plan(preview(faults.Preview{NoCount: true})), ends: ending{
			code: codeUnverifiable, clean: true, report: uncounted, says: []string{"X-Resource-Count is missing"},
		}},
		{at: atCharles, name: "the count is forbidden (403)", strike: plan(func(*cell) faults.Plan {
			return faults.Plan{Rules: []faults.Rule{{Match: faults.Match{Method: "HEAD", Path: segmentPath}, Do: faults.Status, Status: 403}}}
		}), ends: ending{
			code: codeUnverifiable, clean: true, report: uncounted, says: []string{"the key may not count segments", "give one that may read as read.credential"},
		}},
	}
}

// uncounted checks the report of a run that had no count to prove it.
func uncounted(c *cell, report audience.Report) {
	c.found.Expect(report.Verdict == audience.Unverifiable && report.Segment.Counted == nil && report.Segment.Evidence == audience.EvidenceNone,
		"the verdict is %s, by %s", report.Verdict, report.Segment.Evidence)
}
