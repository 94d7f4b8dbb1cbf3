package audience_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// perfect is the report of a run of 100,000 members, all of whom are new and
// in the segment, and whose size Zeotap reports.
func perfect() audience.Report {
	return audience.Report{
		Source:   audience.SourceCount{Read: 100_000, Reported: new(int64(100_000))},
		Outcomes: audience.Outcomes{Created: 100_000},
		Segment:  audience.SegmentCount{Expected: 100_000, Counted: new(int64(100_000))},
	}
}

// lacking is a run in which n members have another outcome than created, and
// are in no segment.
func lacking(outcome audience.Outcome, n int64) audience.Report {
	r := perfect()
	r.Outcomes.Created -= n
	r.Outcomes.Add(outcome, n)
	r.Reasons = map[string]int64{"some_reason": n}
	r.Segment.Expected -= n
	*r.Segment.Counted -= n
	return r
}

// changed applies a change to a report.
func changed(r audience.Report, change func(*audience.Report)) audience.Report {
	change(&r)
	return r
}

// lenient accepts some of everything.
var lenient = audience.Tolerance{Invalid: 0.02, Refused: 0.01, SourceGap: 0.05}

func TestTheVerdictFollowsFromTheCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		report     audience.Report
		accept     audience.Tolerance
		verdict    audience.Verdict
		acceptable bool
		lines      []string
	}{
		"all counts are equal": {
			report: perfect(), verdict: audience.Equal, acceptable: true,
		},
		"all counts are equal and the source reports no size": {
			report:  changed(perfect(), func(r *audience.Report) { r.Source.Reported = nil }),
			verdict: audience.Equal, acceptable: true,
		},
		"nothing had to be sent": {
			report: changed(perfect(), func(r *audience.Report) {
				r.Outcomes = audience.Outcomes{Unchanged: 60_000, Updated: 30_000, Accepted: 10_000}
			}),
			verdict: audience.Equal, acceptable: true,
		},
		"the audience is empty": {
			report: audience.Report{
				Source:  audience.SourceCount{Reported: new(int64(0))},
				Segment: audience.SegmentCount{Counted: new(int64(0))},
			},
			verdict: audience.Equal, acceptable: true,
		},
		"duplicates explain the difference and are always acceptable": {
			report: lacking(audience.Duplicate, 50_000), verdict: audience.Explained, acceptable: true,
		},
		"suppressed members explain the difference and are always acceptable": {
			report: lacking(audience.Suppressed, 50_000), verdict: audience.Explained, acceptable: true,
		},
		"invalid members within accept": {
			report: lacking(audience.Invalid, 2000), accept: lenient, verdict: audience.Explained, acceptable: true,
		},
		"invalid members outside accept": {
			report: lacking(audience.Invalid, 2001), accept: lenient, verdict: audience.Explained,
			lines: []string{"invalid: 2,001 of 100,000 is more than accept.invalid allows (2%)"},
		},
		"no invalid member is accepted unless the sync says so": {
			report: lacking(audience.Invalid, 1), verdict: audience.Explained,
			lines: []string{"invalid: 1 of 100,000 is more than accept.invalid allows (0%)"},
		},
		"refused members within accept": {
			report: lacking(audience.Refused, 1000), accept: lenient, verdict: audience.Explained, acceptable: true,
		},
		"refused members outside accept": {
			report: lacking(audience.Refused, 1001), accept: lenient, verdict: audience.Explained,
			lines: []string{"refused: 1,001 of 100,000 is more than accept.refused allows (1%)"},
		},
		"a share that binary fractions cannot hold is exact": {
			report: lacking(audience.Invalid, 29_000), accept: audience.Tolerance{Invalid: 0.29},
			verdict: audience.Explained, acceptable: true,
		},
		"one more than a share that binary fractions cannot hold": {
			report: lacking(audience.Invalid, 29_001), accept: audience.Tolerance{Invalid: 0.29}, verdict: audience.Explained,
			lines: []string{"invalid: 29,001 of 100,000 is more than accept.invalid allows (29%)"},
		},
		"updates that were refused leave stale contacts in the segment": {
			report: changed(lacking(audience.Refused, 1000), func(r *audience.Report) {
				r.Segment.Expected, r.Segment.Stale = 100_000, 1000
				*r.Segment.Counted = 100_000
			}),
			accept: lenient, verdict: audience.Explained, acceptable: true,
		},
		"contacts that left the audience are still in the segment": {
			report: changed(perfect(), func(r *audience.Report) {
				r.Segment.Expected, r.Segment.Left = 100_700, 700
				*r.Segment.Counted = 100_700
			}),
			verdict: audience.Explained, acceptable: true,
		},
		"fewer were read than are reported, within accept": {
			report: changed(perfect(), func(r *audience.Report) { *r.Source.Reported = 105_000 }),
			accept: lenient, verdict: audience.Explained, acceptable: true,
			lines: []string{"source: Zeotap reports 105,000 members, 100,000 were read; the gap is within accept.source_gap (5%)"},
		},
		"more were read than are reported, within accept": {
			report: changed(perfect(), func(r *audience.Report) { *r.Source.Reported = 99_000 }),
			accept: lenient, verdict: audience.Explained, acceptable: true,
			lines: []string{"source: Zeotap reports 99,000 members, 100,000 were read; the gap is within accept.source_gap (5%)"},
		},
		"unexplained at the source": {
			report: changed(perfect(), func(r *audience.Report) { *r.Source.Reported = 110_000 }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{"source: Zeotap reports 110,000 members, 100,000 were read; the gap is larger than accept.source_gap (5%)"},
		},
		"members where none is reported": {
			report: changed(perfect(), func(r *audience.Report) { *r.Source.Reported = 0 }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{"source: Zeotap reports 0 members, 100,000 were read; the gap is larger than accept.source_gap (5%)"},
		},
		"unexplained in Hello Charles, too few": {
			report: changed(perfect(), func(r *audience.Report) { *r.Segment.Counted = 99_999 }), accept: lenient,
			verdict: audience.Unexplained,
			lines:   []string{"Hello Charles: the segment counts 99,999 contacts, the ledger holds 100,000 as marked"},
		},
		"unexplained in Hello Charles, more counted than read": {
			report: changed(perfect(), func(r *audience.Report) { *r.Segment.Counted = 100_001 }), accept: lenient,
			verdict: audience.Unexplained,
			lines:   []string{"Hello Charles: the segment counts 100,001 contacts, the ledger holds 100,000 as marked"},
		},
		"unexplained on both sides names both": {
			report: changed(perfect(), func(r *audience.Report) { *r.Segment.Counted, *r.Source.Reported = 5, 200_000 }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{
				"Hello Charles: the segment counts 5 contacts, the ledger holds 100,000 as marked",
				"source: Zeotap reports 200,000 members, 100,000 were read; the gap is larger than accept.source_gap (5%)",
			},
		},
		"an unresolved member is never explained": {
			report: lacking(audience.Unresolved, 1), accept: lenient, verdict: audience.Unexplained,
			lines: []string{"Hello Charles: of 1 member nobody knows whether it was taken"},
		},
		"a segment that counts an unresolved member is not equal": {
			report: changed(lacking(audience.Unresolved, 1), func(r *audience.Report) { *r.Segment.Counted = 100_000 }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{
				"Hello Charles: the segment counts 100,000 contacts, the ledger holds 99,999 as marked",
				"Hello Charles: of 1 member nobody knows whether it was taken",
			},
		},
		"more are counted, as many as were there before": {
			report:  changed(perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted += 500 }),
			verdict: audience.Explained, acceptable: true,
			lines: []string{
				"Hello Charles: the segment counts 500 contacts more than the ledger holds as marked; up to 500 are explained, because so many were there before the first run and are not ours",
			},
		},
		"some of those who were there before are counted no more": {
			report:  changed(perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted++ }),
			verdict: audience.Explained, acceptable: true,
			lines: []string{
				"Hello Charles: the segment counts 1 contact more than the ledger holds as marked; up to 500 are explained, because so many were there before the first run and are not ours",
			},
		},
		"none of those who were there before is counted, which is not equal": {
			report:  changed(perfect(), func(r *audience.Report) { r.Segment.Before = 500 }),
			verdict: audience.Explained, acceptable: true,
			lines: []string{
				"Hello Charles: the segment counts as many contacts as the ledger holds as marked, though 500 others were there before the first run: those are gone, or as many of ours are missing",
			},
		},
		"one more is counted than marked and before together": {
			report: changed(perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted += 501 }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{
				"Hello Charles: the segment counts 100,501 contacts, the ledger holds 100,000 as marked, and 500 were there before the first run and are not ours",
			},
		},
		"fewer are counted than marked, whoever was there before": {
			report: changed(perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted-- }),
			accept: lenient, verdict: audience.Unexplained,
			lines: []string{
				"Hello Charles: the segment counts 99,999 contacts, the ledger holds 100,000 as marked, and 500 were there before the first run and are not ours",
			},
		},
		"without a count nothing is verified": {
			report:  changed(perfect(), func(r *audience.Report) { r.Segment.Counted = nil }),
			verdict: audience.Unverifiable, acceptable: true, lines: []string{"Hello Charles: no count to be had"},
		},
		"without a count the other limits still hold": {
			report: changed(lacking(audience.Refused, 2000), func(r *audience.Report) {
				r.Segment.Counted, *r.Source.Reported = nil, 200_000
			}),
			accept: lenient, verdict: audience.Unverifiable,
			lines: []string{
				"Hello Charles: no count to be had",
				"refused: 2,000 of 100,000 is more than accept.refused allows (1%)",
				"source_gap: 100,000 of 200,000 is more than accept.source_gap allows (5%)",
			},
		},
		"without a count an unresolved member is not acceptable": {
			report: changed(lacking(audience.Unresolved, 1), func(r *audience.Report) { r.Segment.Counted = nil }),
			accept: lenient, verdict: audience.Unverifiable, lines: []string{"Hello Charles: no count to be had"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := test.report
			audience.Judge(&report, test.accept)
			require.Equal(t, test.verdict, report.Verdict)
			require.Equal(t, test.acceptable, report.Acceptable)
			require.Equal(t, test.lines, report.Explanation)
		})
	}
}

func TestAccountsThatDisagreeAreNeverBetterThanUnexplained(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*audience.Report)
		line   string
	}{
		"a member without an outcome": {
			func(r *audience.Report) { r.Outcomes.Invalid--; r.Reasons["some_reason"]-- },
			"accounting: 100,000 members were read, 99,999 have an outcome",
		},
		"a member with two outcomes": {
			func(r *audience.Report) { r.Outcomes.Duplicate++; r.Reasons["twice"]++ },
			"accounting: 100,000 members were read, 100,001 have an outcome",
		},
		"a member that was taken and is not in the ledger": {
			func(r *audience.Report) { r.Segment.Expected--; *r.Segment.Counted-- },
			"accounting: 98,000 members were taken, the ledger holds 97,999 as current",
		},
		"a member that is in the ledger and was not taken": {
			func(r *audience.Report) { r.Segment.Expected++; *r.Segment.Counted++ },
			"accounting: 98,000 members were taken, the ledger holds 98,001 as current",
		},
		"a member that was not taken for no reason": {
			func(r *audience.Report) { r.Reasons["some_reason"]-- },
			"accounting: 2,000 members were not taken, the reasons name 1,999",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := audience.Tolerance{Invalid: 1, Refused: 1, SourceGap: 1}
			for _, hasCount := range []bool{true, false} {
				report := lacking(audience.Invalid, 2000)
				test.change(&report)
				if !hasCount {
					report.Segment.Counted, report.Unasked = nil, true
				}
				audience.Judge(&report, all)
				require.Equal(t, audience.Unexplained, report.Verdict)
				require.False(t, report.Acceptable)
				require.Equal(t, test.line, report.Explanation[0])
			}
		})
	}
}

func TestARunThatDidNotComeToItsEndProvesNothing(t *testing.T) {
	t.Parallel()
	for ended, line := range map[string]string{
		"cancelled": "the run was cancelled, so nothing is proved",
		"failed":    "the run was ended by a failure, so nothing is proved",
	} {
		for _, counted := range []*int64{nil, new(int64(100_000))} {
			report := perfect()
			report.Ended, report.Segment.Counted = ended, counted
			audience.Judge(&report, audience.Tolerance{Invalid: 1, Refused: 1, SourceGap: 1})
			require.Equal(t, audience.Unverifiable, report.Verdict)
			require.False(t, report.Acceptable)
			require.Equal(t, []string{line}, report.Explanation)
		}
	}
}

func TestTheGapIsReportedMinusRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reported *int64
		gap      int64
	}{
		{nil, 0}, {new(int64(100_000)), 0}, {new(int64(100_003)), 3}, {new(int64(99_998)), -2},
	} {
		report := perfect()
		report.Source.Reported, report.Source.Gap = test.reported, 77
		audience.Judge(&report, audience.Tolerance{})
		require.Equal(t, test.gap, report.Source.Gap)
	}
}

func TestJudgingTwiceGivesTheSameReport(t *testing.T) {
	t.Parallel()
	first := lacking(audience.Refused, 2000)
	audience.Judge(&first, lenient)
	again := first
	audience.Judge(&again, lenient)
	require.Equal(t, first, again)
}
