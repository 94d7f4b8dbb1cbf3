package audience_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// full is a report in which every line has a number of its own.
func full() *audience.Report {
	reported, counted := int64(101), int64(102)
	return &audience.Report{
		Source: audience.SourceCount{Reported: &reported, Read: 103},
		Outcomes: audience.Outcomes{
			Unchanged: 1, Created: 2, Updated: 3, Accepted: 4, Invalid: 5, Duplicate: 6, Suppressed: 7, Refused: 8, Unresolved: 9,
		},
		KnownFailures: 10, MarkedAgain: 11,
		Leavers: audience.Leavers{Removed: 12, Gone: 13, Kept: 14, Refused: 15, Unresolved: 16},
		Segment: audience.SegmentCount{Expected: 17, Left: 18, Stale: 19, Before: 20, Counted: &counted, Comparison: &audience.Comparison{
			Listed: 21, Found: 22, NotVisible: 23, Gone: 24, GoneLeft: 25, Unsure: 26, Merged: 27, Foreign: 28, OfOthers: 29, Unreferenced: 30, StillVisible: 31,
		}},
		ReadBack: &audience.ReadBack{
			Sampled: 31, Same: 32, Differ: 33, ChangedSince: 34, Absent: 35, Unread: 36, Fields: map[string]int64{"first_name": 37, "birthday": 38},
		},
	}
}

func TestEveryLineSaysWhereItsNumberStandsInTheJSON(t *testing.T) {
	t.Parallel()
	report := full()
	text, err := json.Marshal(report)
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(text, &document))
	for _, line := range report.Lines() {
		at := document
		for name := range strings.SplitSeq(line.Of, "/") {
			object, ok := at.(map[string]any)
			require.True(t, ok, line.Of)
			require.Contains(t, object, name, line.Of)
			at = object[name]
		}
		require.InDelta(t, sum(at), *line.N, 0, line.Of)
	}
}

// sum is a number, or all numbers of an object together.
func sum(value any) float64 {
	switch value := value.(type) {
	case float64:
		return value
	case map[string]any:
		total := 0.0
		for _, part := range value {
			total += sum(part)
		}
		return total
	default:
		return 0
	}
}

func TestEveryOutcomeHasItsLine(t *testing.T) {
	t.Parallel()
	report := full()
	shown := map[string]int64{}
	for _, line := range report.Lines() {
		if line.Part {
			shown[line.Group()] += *line.N
		}
	}
	require.Equal(t, report.Outcomes.Total(), shown["outcomes"])
	require.Equal(t, report.Leavers.Total(), shown["leavers"])
}

func TestPartsThatAreZeroAreNoLines(t *testing.T) {
	t.Parallel()
	lines := (&audience.Report{}).Lines()
	require.Len(t, lines, 3)
	require.Equal(t, []string{"read", "expected in segment", "counted in segment"},
		[]string{lines[0].Label, lines[1].Label, lines[2].Label})
	require.Nil(t, lines[2].N, "no count is not zero")
}

func TestAProofAloneHasReadNothing(t *testing.T) {
	t.Parallel()
	lines := (&audience.Report{Verified: true}).Lines()
	require.Len(t, lines, 2)
	require.Equal(t, "expected in segment", lines[0].Label)
}
