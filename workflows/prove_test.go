package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/workflows"
)

// sequence counts the numbers in order, and the last one from then on.
func sequence(numbers ...int64) func(int) (activities.CountSegmentResult, error) {
	return func(call int) (activities.CountSegmentResult, error) {
		return counts(numbers[min(call, len(numbers))-1]), nil
	}
}

func TestTheSegmentIsCountedUntilItHasSettled(t *testing.T) {
	t.Parallel()
	// The defaults: a count every 5s, 2m for a count that does not move, 15m in all.
	for _, test := range []struct {
		name    string
		count   func(call int) (activities.CountSegmentResult, error)
		counted int64
		calls   int
		lasts   time.Duration
	}{
		{"as expected at once: two counts are enough", sequence(1000), 1000, 2, 5 * time.Second},
		{"rises in steps", sequence(0, 0, 400, 400, 400, 900, 1000), 1000, 8, 35 * time.Second},
		{"dips after it was there once", sequence(400, 1000, 970, 1000), 1000, 5, 20 * time.Second},
		{"goes beyond and comes back", sequence(1001, 1000), 1000, 3, 10 * time.Second},
		{"stands still too low: 2m without movement", sequence(600, 990), 990, 26, 5*time.Second + 2*time.Minute},
		{"stands still too high", sequence(1001), 1001, 25, 2 * time.Minute},
		{
			"moves without end: the deadline", func(call int) (activities.CountSegmentResult, error) {
				return counts(int64(call)), nil
			}, 181, 181, 15 * time.Minute,
		},
		{
			"to and fro without end: the deadline", func(call int) (activities.CountSegmentResult, error) {
				return counts(999 + int64(call%2)), nil
			}, 1000, 181, 15 * time.Minute,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &script{countSegment: test.count}
			env := environment(t, s)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, test.calls, s.happened("count"))
			require.Equal(t, test.lasts, env.Now().Sub(noon))
			require.Len(t, s.closed, 1)
			require.Equal(t, test.counted, *s.closed[0].Counted)
			require.Empty(t, s.closed[0].Why)
		})
	}
}

func TestACountThatCannotBeHadIsAResultAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		count func(call int) (activities.CountSegmentResult, error)
		why   string
		calls int
	}{
		{
			"the key may not read", func(int) (activities.CountSegmentResult, error) {
				return activities.CountSegmentResult{Why: "charles: 403"}, nil
			}, "charles: 403", 1,
		},
		{
			"the reply cannot be used", func(int) (activities.CountSegmentResult, error) {
				return activities.CountSegmentResult{}, final(activities.TypeUnreadableAnswer, "no header X-Resource-Count")
			}, "the segment could not be counted: no header X-Resource-Count", 1,
		},
		{
			"no answer for minutes", func(int) (activities.CountSegmentResult, error) {
				return activities.CountSegmentResult{}, temporal.NewApplicationError("503", activities.TypeUnavailable)
			}, "the segment could not be counted: 503", 10,
		},
		{
			"it is lost in the middle of the counting", func(call int) (activities.CountSegmentResult, error) {
				if call > 3 {
					return activities.CountSegmentResult{Why: "charles: 404"}, nil
				}
				return counts(500), nil
			}, "charles: 404", 4,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &script{countSegment: test.count}
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, test.calls, s.happened("count"))
			require.Len(t, s.closed, 1)
			require.Nil(t, s.closed[0].Counted)
			require.Equal(t, test.why, s.closed[0].Why)
			require.Empty(t, s.closed[0].Ended)
		})
	}
}

func TestNothingIsCountedWhereThereIsNothingToCount(t *testing.T) {
	t.Parallel()
	spec := demo()
	spec.Verification.None = true
	s := &script{}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.Equal(t, "the sync asks for no verification", s.closed[0].Why)

	spec = demo()
	spec.Verification.Segment = ""
	s = &script{}
	_, err = play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.Equal(t, "the sync names no segment (verification.segment)", s.closed[0].Why)
	require.Zero(t, s.happened("count"))
}

func TestARunThatANewerOneHasFencedOffEndsInsteadOfCounting(t *testing.T) {
	t.Parallel()
	s := &script{countSegment: func(int) (activities.CountSegmentResult, error) {
		return activities.CountSegmentResult{}, final(activities.TypeFenced, "a newer run has taken over")
	}}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeFenced)
}
