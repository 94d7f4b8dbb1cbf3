package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func TestTheSegmentIsComparedAsTheSyncAsks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		how     config.Comparing
		counted int64
		compare int
		why     string
	}{
		"always":                     {config.CompareAlways, 1000, 1, ""},
		"never":                      {config.CompareNever, 999, 0, "the sync asks for numbers only (verification.compare)"},
		"when different, and it is":  {config.CompareWhenDifferent, 999, 1, ""},
		"when different, and is not": {config.CompareWhenDifferent, 1000, 0, "the sync asks for numbers only (verification.compare)"},
		"a spec of before":           {"", 1000, 0, "the sync asks for numbers only (verification.compare)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{countSegment: func(int) (activities.CountSegmentResult, error) { return counts(test.counted), nil }}
			spec := demo()
			spec.Verification.Compare = test.how
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
			require.NoError(t, err)
			require.Equal(t, test.compare, s.happened("compare"))
			require.Equal(t, test.compare == 1, s.closed[0].Comparison != nil)
			require.Equal(t, test.why, s.closed[0].NotCompared)
		})
	}
}

func TestWhereTheSegmentCannotBeListedNumbersHaveToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		compare func(int) (activities.CompareSegmentResult, error)
		calls   int
		why     string
	}{
		"the key may not list": {
			func(int) (activities.CompareSegmentResult, error) {
				return activities.CompareSegmentResult{Why: "charles: 403"}, nil
			}, 1, "charles: 403",
		},
		"no answer, again and again": {
			func(int) (activities.CompareSegmentResult, error) {
				return activities.CompareSegmentResult{}, temporal.NewApplicationError("503", activities.TypeUnavailable)
			}, 6, "the segment could not be listed: 503",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{compare: test.compare}
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, test.calls, s.happened("compare"))
			require.Nil(t, s.closed[0].Comparison)
			require.Equal(t, test.why, s.closed[0].NotCompared)
			require.Equal(t, int64(1000), *s.closed[0].Counted)
		})
	}
}

func TestASegmentThatMovesIsListedAgain(t *testing.T) {
	t.Parallel()
	// The defaults: a count every 5s, 2m for a count that does not move. A proof alone
	// waits for nothing.
	for name, test := range map[string]struct {
		moves, calls int
		alone        bool
	}{
		"once":                        {moves: 1, calls: 2},
		"without end":                 {moves: 100, calls: 24},
		"without end, a proof alone":  {moves: 100, calls: 3, alone: true},
		"a few times, a proof alone":  {moves: 2, calls: 3, alone: true},
		"not at all, a proof alone":   {moves: 0, calls: 1, alone: true},
		"several times, less than 2m": {moves: 20, calls: 21},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{compare: func(call int) (activities.CompareSegmentResult, error) {
				return activities.CompareSegmentResult{Comparison: &audience.Comparison{Listed: 1000, Found: 1000, Moved: call <= test.moves}}, nil
			}}
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo(), VerifyOnly: test.alone})
			require.NoError(t, err)
			require.Equal(t, test.calls, s.happened("compare"))
			require.Equal(t, test.moves >= test.calls, s.closed[0].Comparison.Moved)
		})
	}
}

func TestWhoIsLateIsWaitedForThoughTheCountIsTheExpectedOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		late  audience.Comparison
		calls int // that find it
		found int // calls in all
		lasts time.Duration
	}{
		"as many come as go":           {audience.Comparison{Listed: 1000, Found: 990, NotVisible: 10, StillVisible: 10}, 3, 4, 20 * time.Second},
		"who left does not go":         {audience.Comparison{Listed: 1000, Found: 1000, StillVisible: 1}, 100, 24, 2 * time.Minute},
		"a stranger makes the numbers": {audience.Comparison{Listed: 1000, Found: 999, NotVisible: 1, Foreign: 1}, 100, 24, 2 * time.Minute},
		"who is gone is not late":      {audience.Comparison{Listed: 1000, Found: 999, Gone: 1, Foreign: 1}, 100, 1, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{compare: func(call int) (activities.CompareSegmentResult, error) {
				if call <= test.calls {
					return activities.CompareSegmentResult{Comparison: new(test.late)}, nil
				}
				return activities.CompareSegmentResult{Comparison: &audience.Comparison{Listed: 1000, Found: 1000}}, nil
			}}
			env := environment(t, s)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, test.found, s.happened("compare"))
			require.Equal(t, test.lasts, env.Now().Sub(noon))
			require.Equal(t, test.calls < test.found, s.closed[0].Comparison.Same())
		})
	}
}

func TestARunWhoseMembersDidNotComeIntoTheSegmentIsFollowedByAnotherABoundedNumberOfTimes(t *testing.T) {
	t.Parallel()
	missing := &audience.Comparison{Listed: 990, Found: 990, NotVisible: 10}
	s := &script{
		countSegment: sequence(990),
		compare: func(int) (activities.CompareSegmentResult, error) {
			return activities.CompareSegmentResult{Comparison: missing}, nil
		},
		closeRun: func(in activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{Verdict: audience.Unexplained, Segment: audience.SegmentCount{Comparison: in.Comparison}}, nil
		},
	}
	spec := demo()
	expect := int64(1000)
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec, Full: true, Expect: &expect, Scheduled: true})
	require.Equal(t, workflows.AudienceSyncInput{Spec: spec, Scheduled: true, Repairs: 1}, followedBy(t, err), "what was full once is not sent again")

	_, err = play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec, Repairs: 1})
	requireType(t, err, activities.TypeVerdictUnexplained)
	missing = &audience.Comparison{Listed: 1001, Found: 1000, StillVisible: 1}
	_, err = play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	require.Equal(t, workflows.AudienceSyncInput{Spec: spec, Repairs: 1}, followedBy(t, err), "who did not go is unmarked again")
	missing = &audience.Comparison{NotVisible: 1000, LastSeenIn: "seg-984"}
	_, err = play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeVerdictUnexplained)
	missing = &audience.Comparison{Listed: 1001, Found: 1000, StillVisible: 1}
	spec.Verification.Repair = 0
	_, err = play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeVerdictUnexplained)
}

func TestARunThatIsCancelledWhileItClosesIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := &script{
		countSegment: sequence(990),
		compare: func(int) (activities.CompareSegmentResult, error) {
			return activities.CompareSegmentResult{Comparison: &audience.Comparison{Listed: 990, Found: 990, NotVisible: 10}}, nil
		},
		closeRun: func(in activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{Verdict: audience.Unexplained, Segment: audience.SegmentCount{Comparison: in.Comparison}}, nil
		},
	}
	env := environment(t, s)
	whenStarted(env, "CloseRun", 1, env.CancelWorkflow)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeVerdictUnexplained)
}

// followedBy returns the input of the run that follows one at once.
func followedBy(t *testing.T, err error) workflows.AudienceSyncInput {
	t.Helper()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &next)
	var in workflows.AudienceSyncInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in
}
