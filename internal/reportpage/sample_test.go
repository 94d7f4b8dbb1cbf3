package reportpage

import (
	"math"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/runreport"
)

var began = time.Date(2026, time.November, 23, 6, 0, 0, 0, time.UTC)

// sample is the document of a run of a mirror that has everything to tell: failures
// new and known, leavers, an approval, repeated requests, a told delay, and runs
// before it. Its numbers agree with each other.
func sample() *runreport.Document {
	report := audience.Report{
		Sync: "spring-campaign", Run: 14, Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
		Source: audience.SourceCount{Reported: new(int64(248_310)), Basis: "unique_customers", AsOf: began.Add(-time.Hour), Read: 248_310, Snapshot: &audience.ReadFrom{
			Name: "20261123T0400Z", AsOf: began.Add(-2 * time.Hour), Notes: []string{"set 20261123T0500Z of audience 984 is newer and was not read, because it is not complete: its marker _DONE is not there"},
		}},
		Outcomes: audience.Outcomes{Unchanged: 187_204, Created: 41_385, Updated: 15_927, Invalid: 2311, Duplicate: 1204, Suppressed: 96, Refused: 183},
		Plan: &audience.Plan{
			Read: 248_310, Unchanged: 187_204, ToSend: 57_441, Joiners: 41_502, Changes: 15_939, Invalid: 2305, Duplicate: 1204, Suppressed: 96, Refused: 60,
			Marked: 209_880, Leavers: 6_704, KnownLeavers: 3, Moves: 41, MarkedAgain: 12, Batches: 65, Requests: 65, FurtherRequests: 8, Seconds: 6.5,
			Beyond: []string{"57,441 members would be sent, 27.4% of the 209,880 that the sync has marked; gate.changes.share is 25%"},
		},
		Leavers:       audience.Leavers{Removed: 6_680, Gone: 17, Refused: 7},
		LeaverReasons: map[string]int64{"refused_by_hello_charles:contact_blocked": 7},
		MarkedAgain:   12,
		Reasons: map[string]int64{
			string(audience.ReferenceMissing): 1402, string(audience.ReferenceSeenBefore): 1204, string(audience.EmailNotAnAddress): 611,
			string(audience.ReferenceHashed): 298, string(audience.RefusedByHelloCharles) + ":phone_invalid": 131,
			string(audience.ExcludedByFilter): 96, string(audience.RefusedByHelloCharles) + ":first_name_not_allowed": 52,
		},
		NewFailures: 1377, KnownFailures: 1117,
		Withheld: map[string]int64{"email": 212, "tags": 37, "shoe_size": 5},
		Segment: audience.SegmentCount{
			ID: "seg-984", Expected: 244_560, Counted: new(int64(244_560)), Evidence: audience.EvidenceCompared, Stale: 37, Left: 7,
			Comparison: &audience.Comparison{Listed: 244_560, Found: 244_560},
		},
		Batches: 65, Requests: 97, StartedAt: began, FinishedAt: began.Add(4*time.Minute + 21*time.Second),
		Decisions: []audience.Decision{{What: audience.Approve, About: "d1-1", By: "ada", Why: "the campaign opens today", At: began.Add(70 * time.Second)}},
	}
	audience.Judge(&report, audience.Tolerance{Invalid: 0.02, Refused: 0.01})
	return &runreport.Document{
		Report: report,
		FailuresByReason: []runreport.FailureReason{
			{Reason: string(audience.ReferenceMissing), New: 820, Known: 582},
			{Reason: string(audience.EmailNotAnAddress), New: 377, Known: 234},
			{Reason: string(audience.ReferenceHashed), New: 57, Known: 241},
			{Reason: string(audience.RefusedByHelloCharles) + ":phone_invalid", New: 71, Known: 60},
			{Reason: string(audience.RefusedByHelloCharles) + ":first_name_not_allowed", New: 52},
			{Reason: "refused_by_hello_charles:contact_blocked", Leaver: true, New: 4, Known: 3},
		},
		Course: sampleCourse(), History: sampleHistory(&report),
		WrittenAt: began.Add(30 * time.Minute), Version: "v1.4.0",
	}
}

// sampleCourse has a slow beginning, a told delay of 40 seconds, and repeated requests.
func sampleCourse() *audience.Course {
	sent := make([]audience.Sending, 0, 97)
	at := began.Add(90 * time.Second)
	for i := range cap(sent) {
		step := 900 * time.Millisecond
		switch {
		case i == 1:
			step = 3 * time.Second
		case i == 40:
			step = 41 * time.Second
		case i > 70:
			step = 1300 * time.Millisecond
		}
		at = at.Add(step)
		again := i >= 40 && i < 60 || i%8 == 7
		s := audience.Sending{FirstSent: at, LastSent: at, Settled: at.Add(700 * time.Millisecond), Requests: 1, Contacts: 1000 - int64(i)*3}
		if again {
			s.Repeated, s.Contacts = 1, 620+int64(200*math.Sin(float64(i)))
		}
		sent = append(sent, s)
	}
	return audience.NewCourse(sent, []audience.Delay{{From: sent[39].LastSent.Add(time.Second), Until: sent[40].LastSent}})
}

func sampleHistory(report *audience.Report) []runreport.Past {
	sizes := []int64{182_400, 183_150, 186_020, 190_311, 189_940, 194_877, 199_312, 201_005, 203_480, 206_950, 207_300, 212_020, 214_106}
	drifts := []int64{0, 0, -12, 0, 0, 0, 5, 0, 0, -131, 0, 0, 0}
	history := []runreport.Past{{Run: report.Run, State: ledger.RunClosed, StartedAt: report.StartedAt, Account: &runreport.Account{
		Verdict: report.Verdict, Acceptable: report.Acceptable, Seconds: 261, Reported: report.Source.Reported, Read: report.Source.Read,
		Sent: report.Outcomes.Taken(), NewFailures: report.NewFailures, KnownFailures: report.KnownFailures, Removed: report.Leavers.Removed,
		Expected: report.Segment.Expected, Counted: report.Segment.Counted, Drift: new(int64(0)),
	}}}
	for i := len(sizes) - 1; i >= 0; i-- {
		past := runreport.Past{Run: int64(i + 1), State: ledger.RunClosed, StartedAt: report.StartedAt.AddDate(0, 0, i-len(sizes))}
		size, expected := sizes[i], sizes[i]-sizes[i]/61
		past.Account = &runreport.Account{
			Verdict: audience.Explained, Acceptable: true, Seconds: 80 + float64(i)*7.3, Reported: &size, Read: size, Sent: 2000 + int64(i)*311,
			NewFailures: 40 + int64(i)*13, KnownFailures: 900 + int64(i)*17, Removed: 300 + int64(i)*7,
			Expected: expected, Counted: new(expected + drifts[i]), Drift: &drifts[i],
		}
		switch {
		case drifts[i] != 0:
			past.Verdict, past.Acceptable = audience.Unexplained, false
		case i == 7:
			past.Ended, past.Verdict, past.Counted, past.Drift = audience.EndedCancelled, audience.Unverifiable, nil, nil
		case i == 4:
			past.State, past.Account = ledger.RunDead, nil
		}
		history = append(history, past)
	}
	return history
}

// withReferences is a document that names who was not taken.
func withReferences(doc *runreport.Document) *runreport.Document {
	doc.References = &runreport.References{More: 2492, Listed: []runreport.Failed{
		{Reference: "+4915100000017", Outcome: audience.Refused, Reason: "refused_by_hello_charles:phone_invalid", Field: "phone", Message: "The phone number is not valid.", Known: true},
		{Reference: "+4915100000023", Leaver: true, Outcome: audience.Refused, Reason: "refused_by_hello_charles:contact_blocked", Message: "Not this one."},
	}}
	return doc
}
