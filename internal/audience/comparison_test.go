package audience_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// judgedBy judges a perfect run whose segment was compared.
func judgedBy(found audience.Comparison, counted int64, change ...func(*audience.Report)) audience.Report {
	r := perfect()
	*r.Segment.Counted, r.Segment.Comparison = counted, &found
	for _, c := range change {
		c(&r)
	}
	audience.Judge(&r, audience.Tolerance{Gone: 0.001})
	return r
}

func TestTheVerdictFollowsFromTheComparison(t *testing.T) {
	t.Parallel()
	before := func(n int64) func(*audience.Report) { return func(r *audience.Report) { r.Segment.Before = n } }
	for name, test := range map[string]struct {
		report     audience.Report
		verdict    audience.Verdict
		acceptable bool
		says       string
		summary    string
	}{
		"everybody is there and nobody else": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 100_000}, 100_000), audience.Equal, true, "",
			"All 100,000 members are in the segment.",
		},
		"one is missing and one is foreign, and the numbers are equal": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 99_999, NotVisible: 1, Foreign: 1}, 100_000), audience.Unexplained, false,
			"Hello Charles: 1 accepted reference is not in the segment, and was never seen there (not visible yet); the next run sends it again",
			"The segment lists 100,000 contacts: of 100,000 expected references 1 is not in it, and 1 of its contacts is not ours.",
		},
		"one is gone and one is foreign, and the numbers are equal": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 99_999, Gone: 1, Foreign: 1}, 100_000), audience.Unexplained, false,
			"Hello Charles: 1 contact is in the segment that the ledger does not hold as marked (foreign): 1 with a reference of ours, 0 of other systems, 0 without any",
			"The segment lists 100,000 contacts: of 100,000 expected references 1 is not in it, and 1 of its contacts is not ours.",
		},
		"nobody came": {
			judgedBy(audience.Comparison{NotVisible: 100_000}, 0), audience.Unexplained, false,
			"Hello Charles: 100,000 accepted references are not in the segment, and were never seen there (not visible yet); the next run sends them again" +
				"; none of ours is: check that the segment asks for the marker, and that verification.segment is its id",
			"The segment lists 0 contacts: of 100,000 expected references 100,000 are not in it, and 0 of its contacts are not ours.",
		},
		"another segment than before was looked into": {
			judgedBy(audience.Comparison{NotVisible: 100_000, LastSeenIn: "seg-984"}, 0), audience.Unexplained, false,
			"Hello Charles: 100,000 accepted references are not in the segment (not visible yet)" +
				"; none of ours is: check that the segment asks for the marker, and that verification.segment is its id",
			"The segment lists 0 contacts: of 100,000 expected references 100,000 are not in it, and 0 of its contacts are not ours.",
		},
		"everybody is gone": {
			judgedBy(audience.Comparison{Gone: 100_000}, 0), audience.Explained, false,
			"Hello Charles: 100,000 references were in the segment and are not any more (gone); they are left alone: " +
				"none of ours is there, so check first that the segment still asks for the marker; those that it shows again are ours again",
			"0 of 100,000 are in the segment; 100,000 are not, for 1 reason.",
		},
		"some who left did not go, and as many did not come": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 99_998, NotVisible: 2, StillVisible: 2}, 100_000), audience.Unexplained, false,
			"Hello Charles: 2 contacts that were unmarked are in the segment all the same (still visible); the next run unmarks them again",
			"The segment lists 100,000 contacts: of 100,000 expected references 2 are not in it, and 0 of its contacts are not ours. 2 who left the audience are still in the segment.",
		},
		"some are gone": {
			judgedBy(audience.Comparison{Listed: 99_900, Found: 99_900, Gone: 100}, 99_900), audience.Explained, true,
			"Hello Charles: 100 references were in the segment and are not any more (gone); they are left alone: run --recreate would bring them back",
			"99,900 of 100,000 are in the segment; 100 are not, for 1 reason.",
		},
		"more are gone than the sync accepts": {
			judgedBy(audience.Comparison{Listed: 99_899, Found: 99_899, Gone: 101}, 99_899), audience.Explained, false,
			"gone: 101 of 100,000 is more than accept.gone allows (0.1%)",
			"99,899 of 100,000 are in the segment; 101 are not, for 1 reason.",
		},
		"some were merged": {
			judgedBy(audience.Comparison{Listed: 99_990, Found: 100_000, Merged: 10}, 99_990), audience.Explained, true,
			"Hello Charles: 10 references share a contact with another one (merged)",
			"All 100,000 members are in the segment.",
		},
		"some are there that were never answered for": {
			judgedBy(audience.Comparison{Listed: 100_002, Found: 100_000, Unsure: 2}, 100_002), audience.Explained, true,
			"Hello Charles: 2 references are in the segment of which the ledger was not sure (unsure): a request was never answered, or an earlier proof found otherwise",
			"All 100,000 members are in the segment.",
		},
		"others were there before": {
			judgedBy(audience.Comparison{Listed: 100_005, Found: 100_000, Foreign: 2, OfOthers: 2, Unreferenced: 1}, 100_005, before(5)), audience.Explained, true,
			"Hello Charles: 5 contacts are in the segment that are not ours; 5 were there before the first run",
			"All 100,000 members are in the segment. The segment holds 5 more; 5 others were there before the first run.",
		},
		"more others than were there before": {
			judgedBy(audience.Comparison{Listed: 100_006, Found: 100_000, Foreign: 6}, 100_006, before(5)), audience.Unexplained, false,
			"Hello Charles: 6 contacts are in the segment that the ledger does not hold as marked (foreign): 6 with a reference of ours, 0 of other systems, 0 without any; 5 were there before the first run and are not ours",
			"The segment lists 100,006 contacts: of 100,000 expected references 0 are not in it, and 6 of its contacts are not ours.",
		},
		"the count is not that of the list": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 100_000}, 99_000), audience.Unexplained, false,
			"Hello Charles: the segment counts 99,000 contacts and lists 100,000: it changes, or its count lags behind",
			"The segment lists 100,000 contacts: of 100,000 expected references 0 are not in it, and 0 of its contacts are not ours.",
		},
		"the segment moved": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 100_000, Moved: true}, 100_000), audience.Unexplained, false,
			"Hello Charles: the segment counts 100,000 contacts and lists 100,000: it changes, or its count lags behind",
			"The segment lists 100,000 contacts: of 100,000 expected references 0 are not in it, and 0 of its contacts are not ours.",
		},
		"a comparison that does not add up": {
			judgedBy(audience.Comparison{Listed: 100_000, Found: 99_999}, 100_000), audience.Unexplained, false,
			"accounting: the comparison of the segment does not add up to 100,000 expected references and 100,000 listed contacts", "All 100,000 members are in the segment.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.verdict, test.report.Verdict, test.report.Explanation)
			require.Equal(t, test.acceptable, test.report.Acceptable)
			require.Equal(t, test.summary, test.report.Summary)
			if test.says == "" {
				require.Empty(t, test.report.Explanation)
				return
			}
			require.Contains(t, test.report.Explanation, test.says)
		})
	}
}

func TestAGapWithinTheToleranceIsExplainedAndSaysSo(t *testing.T) {
	t.Parallel()
	const tolerates = " The sync tolerates so many (accept.segment_gap)."
	compared := func(c audience.Comparison) func(*audience.Report) {
		return func(r *audience.Report) { *r.Segment.Counted, r.Segment.Comparison = c.Listed, &c }
	}
	counted := func(n int64) func(*audience.Report) { return func(r *audience.Report) { *r.Segment.Counted = n } }
	for name, test := range map[string]struct {
		change    func(*audience.Report)
		tolerated bool
		says      string
	}{
		"fewer are counted": {
			counted(99_900), true, "Hello Charles: 100 missing or too many of 100,000 expected contacts are within accept.segment_gap (0.1%)",
		},
		"more are counted": {
			counted(100_100), true, "Hello Charles: 100 missing or too many of 100,000 expected contacts are within accept.segment_gap (0.1%)",
		},
		"too few are counted": {
			counted(99_899), false, "Hello Charles: 101 missing or too many of 100,000 expected contacts are more than accept.segment_gap (0.1%)",
		},
		"some are missing and some are foreign": {
			compared(audience.Comparison{Listed: 100_000, Found: 99_950, NotVisible: 50, Foreign: 50}), true,
			"Hello Charles: 100 missing or too many of 100,000 expected contacts are within accept.segment_gap (0.1%)",
		},
		"too many are missing and foreign": {
			compared(audience.Comparison{Listed: 100_001, Found: 99_950, NotVisible: 50, Foreign: 51}), false,
			"Hello Charles: 101 missing or too many of 100,000 expected contacts are more than accept.segment_gap (0.1%)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := perfect()
			test.change(&r)
			for range 2 { // Judging again comes to the same.
				audience.Judge(&r, audience.Tolerance{SegmentGap: 0.001})
			}
			require.Equal(t, test.tolerated, r.Segment.Tolerated)
			require.Contains(t, r.Explanation, test.says)
			if !test.tolerated {
				require.Equal(t, audience.Unexplained, r.Verdict)
				require.NotContains(t, r.Summary, tolerates)
				return
			}
			require.Equal(t, audience.Explained, r.Verdict)
			require.True(t, r.Acceptable)
			require.Contains(t, r.Summary, tolerates)
		})
	}
}

func TestASegmentThatMovesIsNotTolerated(t *testing.T) {
	t.Parallel()
	r := perfect()
	r.Segment.Comparison = &audience.Comparison{Listed: 100_000, Found: 99_999, NotVisible: 1, Foreign: 1, Moved: true}
	audience.Judge(&r, audience.Tolerance{SegmentGap: 1})
	require.Equal(t, audience.Unexplained, r.Verdict)
	require.False(t, r.Segment.Tolerated)
}
