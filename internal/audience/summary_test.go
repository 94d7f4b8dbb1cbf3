package audience_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestTheSummarySaysInWordsWhatBecameOfTheAudience(t *testing.T) {
	t.Parallel()
	for summary, report := range map[string]audience.Report{
		"98,412 of 100,000 are in the segment; 1,588 are not, for 4 reasons.": changed(lacking(audience.Invalid, 1588), func(r *audience.Report) {
			r.Reasons = map[string]int64{"a": 1500, "b": 80, "c": 7, "d": 1, "never": 0}
		}),
		"1 of 100,000 is in the segment; 99,999 are not, for 1 reason.": lacking(audience.Duplicate, 99_999),
		"99,999 of 100,000 are in the segment; 1 is not, for 1 reason.": lacking(audience.Duplicate, 1),
		"98,000 of 100,000 are in the segment; 2,000 are not, for no reason that is known.": changed(
			lacking(audience.Invalid, 2000), func(r *audience.Report) { r.Reasons = nil }),

		"All 100,000 members are in the segment.": perfect(),
		"All 100,000 members are in the segment. Only numbers were compared, not contact by contact.": changed(
			perfect(), func(r *audience.Report) { r.Segment.NotCompared = "the key may not list" }),
		"The only member is in the segment.": {
			Source: audience.SourceCount{Read: 1}, Outcomes: audience.Outcomes{Created: 1},
			Segment: audience.SegmentCount{Expected: 1, Counted: new(int64(1))},
		},
		"The audience is empty.": {Segment: audience.SegmentCount{Counted: new(int64(0))}},
		"The audience is empty. 1 who left the audience is still in the segment.": {
			Segment: audience.SegmentCount{Expected: 1, Left: 1, Counted: new(int64(1))},
		},

		"All 100,000 members are in the segment. 700 who left the audience are still in the segment.": changed(
			perfect(), func(r *audience.Report) {
				r.Segment.Expected, r.Segment.Left, r.Segment.Counted = 100_700, 700, new(int64(100_700))
			}),
		"All 100,000 members are in the segment. Of those in it, 1,000 could not be updated.": changed(
			lacking(audience.Refused, 1000), func(r *audience.Report) {
				r.Segment.Expected, r.Segment.Stale, r.Segment.Counted = 100_000, 1000, new(int64(100_000))
			}),
		"98,000 of 100,000 are in the segment; 2,000 are not, and of those in it 300 could not be updated, for 2 reasons.": changed(
			lacking(audience.Invalid, 2000), func(r *audience.Report) {
				r.Outcomes.Refused, r.Outcomes.Created = 300, r.Outcomes.Created-300
				r.Reasons, r.Segment.Stale = map[string]int64{"a": 2000, "b": 300}, 300
			}),
		"The sync is retired: of 301 contacts that it had marked, 290 were unmarked. 1 is gone from Hello Charles. 10 contacts are still in the segment.": {
			Retired: true, Leavers: audience.Leavers{Removed: 290, Gone: 1, Refused: 10},
			Segment: audience.SegmentCount{Expected: 10, Left: 10, Counted: new(int64(10))},
		},
		"The sync is retired: of 1 contact that it had marked, 1 was unmarked. What the segment holds is not known, because there is no count.": {
			Retired: true, Leavers: audience.Leavers{Removed: 1},
		},
		"All 100,000 members are in the segment. Zeotap reports 100,050 members, 50 more than were read.": changed(
			perfect(), func(r *audience.Report) { *r.Source.Reported = 100_050 }),
		"All 100,000 members are in the segment. Zeotap reports 99,000 members, 1,000 fewer than were read.": changed(
			perfect(), func(r *audience.Report) { *r.Source.Reported = 99_000 }),

		"The segment holds 99,999 contacts, but 100,000 are expected: 1 is missing.": changed(
			perfect(), func(r *audience.Report) { *r.Segment.Counted-- }),
		"The segment holds 0 contacts, but 100,000 are expected: 100,000 are missing.": changed(
			perfect(), func(r *audience.Report) { *r.Segment.Counted = 0 }),
		"The segment holds 100,001 contacts, but 100,000 are expected: 1 is too many.": changed(
			perfect(), func(r *audience.Report) { *r.Segment.Counted++ }),
		"The segment holds 101,200 contacts, but 100,000 are expected: 1,200 are too many.": changed(
			perfect(), func(r *audience.Report) { *r.Segment.Counted += 1200 }),
		"All 100,000 members are in the segment. The segment holds 20 more; 500 others were there before the first run.": changed(
			perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted += 20 }),
		"All 100,000 members are in the segment. 500 others were there before the first run.": changed(
			perfect(), func(r *audience.Report) { r.Segment.Before = 500 }),
		"The segment holds 100,502 contacts, but 100,000 to 100,500 are expected: 2 are too many.": changed(
			perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted += 502 }),
		"The segment holds 99,998 contacts, but 100,000 to 100,500 are expected: 2 are missing.": changed(
			perfect(), func(r *audience.Report) { r.Segment.Before = 500; *r.Segment.Counted -= 2 }),
		"The segment holds 100,001 members, but 100,000 were read.": changed(
			perfect(), func(r *audience.Report) { r.Segment.Expected++; *r.Segment.Counted++ }),

		"98,000 of 100,000 were accepted by Hello Charles; whether they are in the segment is not known, because there is no count.": changed(
			lacking(audience.Invalid, 2000), func(r *audience.Report) { r.Segment.Counted = nil }),

		"The run was cancelled: 98,000 of 100,000 members had been accepted by Hello Charles as the audience has them now.": changed(
			lacking(audience.Unresolved, 2000), func(r *audience.Report) { r.Ended, r.Segment.Counted = "cancelled", nil }),
		"The run was cancelled: 98,000 of 100,000 members had been accepted by Hello Charles as the audience has them now, and 120 of 290 leavers unmarked.": changed(
			lacking(audience.Unresolved, 2000), func(r *audience.Report) {
				r.Ended, r.Segment.Counted, r.Plan = "cancelled", nil, &audience.Plan{Leavers: 300, KnownLeavers: 10}
				r.Leavers.Removed = 120
			}),
		"The run was ended by a failure: 98,000 of 100,000 members had been accepted by Hello Charles as the audience has them now.": changed(
			lacking(audience.Unresolved, 2000), func(r *audience.Report) { r.Ended, r.Segment.Counted = "failed", nil }),
		"2,000 of 100,000 members would be sent, and 290 unmarked; nothing was sent.": changed(
			lacking(audience.Unresolved, 2000), func(r *audience.Report) {
				r.Ended, r.Plan = "planned", &audience.Plan{ToSend: 2000, Leavers: 300, KnownLeavers: 10}
			}),
		"2,000 of 100,000 members would be sent; nothing was sent.": changed(
			lacking(audience.Unresolved, 2000), func(r *audience.Report) {
				r.Ended, r.Plan = "planned", &audience.Plan{ToSend: 2000, Leavers: 300, KeepsLeavers: true}
			}),
	} {
		t.Run(summary, func(t *testing.T) {
			t.Parallel()
			audience.Judge(&report, audience.Tolerance{})
			require.Equal(t, summary, report.Summary)
		})
	}
}

func TestThousandsAreSeparatedByCommas(t *testing.T) {
	t.Parallel()
	for n, text := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 98_412: "98,412", 100_000: "100,000", 1_000_000: "1,000,000",
		-1: "-1", -999: "-999", -1000: "-1,000", -123_456: "-123,456",
		9_223_372_036_854_775_807: "9,223,372,036,854,775,807", -9_223_372_036_854_775_808: "-9,223,372,036,854,775,808",
	} {
		require.Equal(t, text, audience.Thousands(n))
	}
}
