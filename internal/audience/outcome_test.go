package audience_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// outcomes are the nine outcomes of a member, each with its place in the report.
var outcomes = []audience.Outcome{
	audience.Unchanged, audience.Created, audience.Updated, audience.Accepted, audience.Invalid,
	audience.Duplicate, audience.Suppressed, audience.Refused, audience.Unresolved,
}

func TestOutcomesCountEachOutcomeInItsOwnPlace(t *testing.T) {
	t.Parallel()
	var counts audience.Outcomes
	for i, outcome := range outcomes {
		counts.Add(outcome, int64(i+1))
		counts.Add(outcome, 100)
	}
	for i, outcome := range outcomes {
		require.Equal(t, int64(i+101), counts.Of(outcome))
	}
	require.Equal(t, int64(945), counts.Total())
	require.Equal(t, int64(102+103+104), counts.Taken())

	raw, err := json.Marshal(counts)
	require.NoError(t, err)
	byName := map[audience.Outcome]int64{}
	require.NoError(t, json.Unmarshal(raw, &byName))
	require.Len(t, byName, len(outcomes))
	for i, outcome := range outcomes {
		require.Equal(t, int64(i+101), byName[outcome], "the report names outcomes as the code does")
	}
}

func TestMergingOutcomesAddsEachOfThem(t *testing.T) {
	t.Parallel()
	var sum, one, other audience.Outcomes
	for i, outcome := range outcomes {
		one.Add(outcome, int64(i))
		other.Add(outcome, int64(10*i))
		sum.Add(outcome, int64(11*i))
	}
	one.Merge(other)
	require.Equal(t, sum, one)
}

func TestAnOutcomeThatNobodyKnowsIsUnresolved(t *testing.T) {
	t.Parallel()
	for _, unknown := range []audience.Outcome{"", "ok", "Created", "removed"} {
		var counts audience.Outcomes
		counts.Add(unknown, 3)
		require.Equal(t, audience.Outcomes{Unresolved: 3}, counts)
		require.Equal(t, int64(3), counts.Of(unknown))
	}
}

func TestFailuresAreInvalidRefusedAndUnresolved(t *testing.T) {
	t.Parallel()
	for _, outcome := range outcomes {
		switch outcome {
		case audience.Invalid, audience.Refused, audience.Unresolved:
			require.True(t, outcome.Failed(), outcome)
		default:
			require.False(t, outcome.Failed(), outcome)
		}
	}
}

func TestHelloCharlesTookWhatItCreatedUpdatedOrAccepted(t *testing.T) {
	t.Parallel()
	for _, outcome := range outcomes {
		switch outcome {
		case audience.Created, audience.Updated, audience.Accepted:
			require.True(t, outcome.Took(), outcome)
		default:
			require.False(t, outcome.Took(), outcome)
		}
	}
}
