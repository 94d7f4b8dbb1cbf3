package audience_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// audited is the audit of 100 members, of whom 90 should be in the segment.
func audited(counted int64, found *audience.Comparison, change ...func(*audience.Report)) audience.Report {
	r := audience.Report{
		Audited: true, Source: audience.SourceCount{Read: 100},
		Outcomes: audience.Outcomes{Suppressed: 6, Invalid: 3, Duplicate: 1},
		Segment:  audience.SegmentCount{Expected: 90, Counted: &counted, Comparison: found},
	}
	for _, c := range change {
		c(&r)
	}
	audience.Judge(&r, audience.Tolerance{Invalid: 1, SegmentGap: 0.05})
	return r
}

func TestTheVerdictOfAnAudit(t *testing.T) {
	t.Parallel()
	everybody := func(r *audience.Report) { r.Source.Read, r.Outcomes = 90, audience.Outcomes{} }
	for name, test := range map[string]struct {
		report  audience.Report
		verdict audience.Verdict
		says    string
		summary string
	}{
		"exactly the audience": {
			audited(90, &audience.Comparison{Listed: 90, Found: 90}, everybody), audience.Equal, "",
			"The segment holds exactly the 90 members that should be in it. Nothing was sent.",
		},
		"exactly those who may be in it": {
			audited(90, &audience.Comparison{Listed: 90, Found: 90}), audience.Explained, "",
			"The segment holds exactly the 90 members that should be in it. Nothing was sent.",
		},
		"some are missing, more than is tolerated": {
			audited(85, &audience.Comparison{Listed: 85, Found: 85, Missing: 5}), audience.Unexplained,
			"Hello Charles: 5 members of the audience are not in the segment (missing)",
			"The segment lists 85 contacts: of 90 members that should be in it 5 are not, and 0 of its contacts should not be in it. Nothing was sent.",
		},
		"some are missing, as many as are tolerated": {
			audited(86, &audience.Comparison{Listed: 86, Found: 86, Missing: 4}), audience.Explained,
			"Hello Charles: 4 missing or too many of 90 expected contacts are within accept.segment_gap (5%)",
			"The segment lists 86 contacts: of 90 members that should be in it 4 are not, and 0 of its contacts should not be in it. The sync tolerates so many (accept.segment_gap). Nothing was sent.",
		},
		"as many are missing as should not be there": {
			audited(90, &audience.Comparison{Listed: 90, Found: 84, Missing: 6, Excluded: 1, Left: 2, Foreign: 3}), audience.Unexplained,
			"Hello Charles: 3 contacts are in the segment that are no members of the audience (foreign): 3 with a reference of ours, 0 of other systems, 0 without any",
			"The segment lists 90 contacts: of 90 members that should be in it 6 are not, and 6 of its contacts should not be in it. Nothing was sent.",
		},
		"who is invalid now and was sent earlier": {
			audited(91, &audience.Comparison{Listed: 91, Found: 90, Invalid: 1}), audience.Explained,
			"Hello Charles: 1 member is in the segment that fails our checks now (invalid): Hello Charles has what was sent earlier",
			"The segment lists 91 contacts: of 90 members that should be in it 0 are not, and 0 of its contacts should not be in it. Nothing was sent.",
		},
		"as many are counted": {
			audited(90, nil), audience.Explained, "",
			"The segment counts 90 contacts, as many as should be in it. Nothing was sent.",
		},
		"fewer are counted": {
			audited(80, nil), audience.Unexplained, "Hello Charles: the segment counts 80 contacts, 90 members should be in it",
			"The segment counts 80 contacts, and 90 should be in it. Nothing was sent.",
		},
		"no count": {
			audited(0, nil, func(r *audience.Report) { r.Segment.Counted = nil }), audience.Unverifiable, "Hello Charles: no count to be had",
			"There is no count, so nothing is proved. Nothing was sent.",
		},
		"members without a reason": {
			audited(90, nil, func(r *audience.Report) { r.Outcomes.Invalid = 2 }), audience.Unexplained,
			"accounting: 100 members were read, 90 are expected in the segment, and 9 are not for a reason",
			"The segment counts 90 contacts, as many as should be in it. Nothing was sent.",
		},
		"a comparison that does not add up": {
			audited(90, &audience.Comparison{Listed: 90, Found: 89}), audience.Unexplained,
			"accounting: the comparison of the segment does not add up to 90 expected references and 90 listed contacts",
			"The segment lists 90 contacts: of 90 members that should be in it 0 are not, and 0 of its contacts should not be in it. Nothing was sent.",
		},
		"Zeotap reports others than were read": {
			audited(90, nil, func(r *audience.Report) { r.Source.Reported = new(int64(101)) }), audience.Unexplained,
			"source: Zeotap reports 101 members, 100 were read; the gap is larger than accept.source_gap (0%)",
			"The segment counts 90 contacts, as many as should be in it. Zeotap reports 101 members, 1 more than were read. Nothing was sent.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.verdict, test.report.Verdict, test.report.Explanation)
			require.Equal(t, test.summary, test.report.Summary)
			if test.says != "" {
				require.Contains(t, test.report.Explanation, test.says)
			}
		})
	}
}
