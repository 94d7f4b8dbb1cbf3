package audience_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// judgedWith judges a perfect run of which contacts were read back.
func judgedWith(found audience.ReadBack, change ...func(*audience.Report)) audience.Report {
	r := perfect()
	r.Sync, r.ReadBack = "spring", &found
	for _, c := range change {
		c(&r)
	}
	audience.Judge(&r, audience.Tolerance{Differing: 0.1})
	return r
}

func TestTheVerdictFollowsFromWhatIsReadBack(t *testing.T) {
	t.Parallel()
	const allIn = "All 100,000 members are in the segment."
	const who = "; who they are: audiencesync differences spring"
	for name, test := range map[string]struct {
		report     audience.Report
		verdict    audience.Verdict
		acceptable bool
		says       []string
		summary    string
	}{
		"all hold what was sent": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 20}), audience.Equal, true, nil, allIn,
		},
		"nobody was there to be read": {
			judgedWith(audience.ReadBack{}), audience.Equal, true, nil, allIn,
		},
		"some differ, within accept": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 18, Differ: 2, Fields: map[string]int64{"birthday": 1, "first_name": 2}}),
			audience.Explained, true,
			[]string{"Hello Charles: of 20 contacts read back 2 do not hold what this run sent: first_name 2, birthday 1" + who},
			allIn + " Of 20 contacts read back 2 do not hold what this run sent.",
		},
		"more differ or are absent than the sync accepts": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 17, Differ: 2, Absent: 1, Fields: map[string]int64{"city": 2}}),
			audience.Explained, false,
			[]string{
				"Hello Charles: of 20 contacts read back 2 do not hold what this run sent: city 2" + who,
				"Hello Charles: of 20 contacts read back 1 is not there" + who,
				"differing: 3 of 20 is more than accept.differing allows (10%)",
			},
			allIn + " Of 20 contacts read back 2 do not hold what this run sent, and 1 is not there.",
		},
		"all were changed since": {
			judgedWith(audience.ReadBack{Sampled: 20, ChangedSince: 20, Fields: map[string]int64{"city": 20}}),
			audience.Explained, true,
			[]string{"Hello Charles: of 20 contacts read back 20 do not hold any more what was sent earlier: city 20" + who},
			allIn + " Of 20 contacts read back 20 do not hold any more what was sent earlier.",
		},
		"one of both": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 18, Differ: 1, ChangedSince: 1, Fields: map[string]int64{"a": 1, "b": 1}}),
			audience.Explained, true,
			[]string{"Hello Charles: of 20 contacts read back 1 does not hold what this run sent, and 1 does not hold any more what was sent earlier: a 1, b 1" + who},
			allIn + " Of 20 contacts read back 1 does not hold what this run sent, and 1 does not hold any more what was sent earlier.",
		},
		"the only one differs": {
			judgedWith(audience.ReadBack{Sampled: 1, Differ: 1, Fields: map[string]int64{"a": 1}}), audience.Explained, false,
			[]string{
				"Hello Charles: of 1 contact read back 1 does not hold what this run sent: a 1" + who,
				"differing: 1 of 1 is more than accept.differing allows (10%)",
			},
			allIn + " Of 1 contact read back 1 does not hold what this run sent.",
		},
		"nothing could be read": {
			judgedWith(audience.ReadBack{Sampled: 20, Unread: 20, Why: "the key may not read"}), audience.Equal, true,
			[]string{"Hello Charles: 20 of 20 contacts could not be read back: the key may not read"},
			allIn,
		},
		"who could not be read is no part of the share": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 8, Differ: 2, Unread: 10, Why: "503", Fields: map[string]int64{"a": 2}}), audience.Explained, false,
			[]string{
				"Hello Charles: of 20 contacts read back 2 do not hold what this run sent: a 2" + who,
				"Hello Charles: 10 of 20 contacts could not be read back: 503",
				"differing: 2 of 10 is more than accept.differing allows (10%)",
			},
			allIn + " Of 20 contacts read back 2 do not hold what this run sent.",
		},
		"there was no sample to be had": {
			judgedWith(audience.ReadBack{Why: "the ledger did not answer"}), audience.Equal, true,
			[]string{"Hello Charles: no contact could be read back: the ledger did not answer"},
			allIn,
		},
		"counts that do not add up": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 19}), audience.Unexplained, false,
			[]string{"accounting: 20 contacts were to be read back, and not each has one result"},
			allIn,
		},
		"there is no count of the segment": {
			judgedWith(audience.ReadBack{Sampled: 20, Same: 17, Differ: 3, Fields: map[string]int64{"a": 3}}, func(r *audience.Report) { r.Segment.Counted = nil }),
			audience.Unverifiable, false,
			[]string{
				"Hello Charles: of 20 contacts read back 3 do not hold what this run sent: a 3" + who,
				"Hello Charles: no count to be had",
				"differing: 3 of 20 is more than accept.differing allows (10%)",
			},
			"100,000 of 100,000 were accepted by Hello Charles; whether they are in the segment is not known, because there is no count." +
				" Of 20 contacts read back 3 do not hold what this run sent.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.verdict, test.report.Verdict)
			require.Equal(t, test.acceptable, test.report.Acceptable)
			require.Equal(t, test.says, test.report.Explanation)
			require.Equal(t, test.summary, test.report.Summary)
		})
	}
}

func TestOfManyFieldsThoseAreNamedThatCountMost(t *testing.T) {
	t.Parallel()
	fields := map[string]int64{}
	for i := range 60 {
		fields[fmt.Sprintf("field_%02d", i)] = int64(100 - i)
	}
	limited := audience.LimitFields(fields)
	require.Len(t, limited, 50)
	require.Equal(t, int64(52), limited["field_48"])
	require.NotContains(t, limited, "field_49")
	var rest int64
	for i := 49; i < 60; i++ {
		rest += int64(100 - i)
	}
	require.Equal(t, rest, limited[audience.OtherFields])
	require.Nil(t, audience.LimitFields(nil))
}

func TestTheLinesOfASampleAreThoseThatAreNotZero(t *testing.T) {
	t.Parallel()
	lines := func(found *audience.ReadBack) (labels []string) {
		for _, line := range (&audience.Report{ReadBack: found}).Lines()[3:] {
			labels = append(labels, line.Label)
		}
		return labels
	}
	require.Empty(t, lines(nil))
	require.Empty(t, lines(&audience.ReadBack{}))
	require.Equal(t, []string{"read back", "same"}, lines(&audience.ReadBack{Sampled: 20, Same: 20}))
	require.Equal(t, []string{"read back", "same", "differ", "changed since", "absent", "unread", "city", "birthday"}, lines(&audience.ReadBack{
		Sampled: 20, Same: 10, Differ: 3, ChangedSince: 2, Absent: 1, Unread: 4, Fields: map[string]int64{"birthday": 1, "city": 4},
	}))
	why := (&audience.Report{ReadBack: &audience.ReadBack{Why: "the ledger did not answer"}}).Lines()[3]
	require.Nil(t, why.N, "nothing is known, which is not zero")
	require.Equal(t, "the ledger did not answer", why.Note)
}
