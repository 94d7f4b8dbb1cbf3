package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func TestASampleIsReadBackAfterTheSegmentWasCompared(t *testing.T) {
	t.Parallel()
	for _, how := range []config.Comparing{config.CompareAlways, config.CompareNever} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			found := audience.ReadBack{Sampled: 20, Same: 19, Differ: 1, Fields: map[string]int64{"city": 1}}
			s := &script{readsBack: true}
			s.readBack = func(in activities.ReadBackInput) (activities.ReadBackResult, error) {
				require.Equal(t, how == config.CompareAlways, in.Compared)
				require.Equal(t, int64(7), in.Run.Run)
				return activities.ReadBackResult{ReadBack: found}, nil
			}
			spec := demo()
			spec.Verification.Compare = how
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
			require.NoError(t, err)
			require.Equal(t, &found, s.closed[0].ReadBack)
			require.Equal(t, s.place(t, "read back")+1, s.place(t, "close "))
			if how == config.CompareAlways {
				require.Less(t, s.place(t, "compare"), s.place(t, "read back"))
			}
		})
	}
}

func TestASampleIsReadBackWhereThereIsNoSegment(t *testing.T) {
	t.Parallel()
	s := &script{readsBack: true}
	spec := demo()
	spec.Verification.Segment = ""
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.Equal(t, &audience.ReadBack{Sampled: 20, Same: 20}, s.closed[0].ReadBack)
}

func TestNothingIsReadBackOfARunThatHasNoSample(t *testing.T) {
	t.Parallel()
	s := &script{}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Zero(t, s.happened("read back"))
	require.Nil(t, s.closed[0].ReadBack)
}

func TestASampleThatCannotBeReadBackIsAResult(t *testing.T) {
	t.Parallel()
	s := &script{readsBack: true}
	s.readBack = func(activities.ReadBackInput) (activities.ReadBackResult, error) {
		return activities.ReadBackResult{}, temporal.NewApplicationError("the database is away", activities.TypeLedger)
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, 6, s.happened("read back"))
	require.Equal(t, &audience.ReadBack{Why: "the database is away"}, s.closed[0].ReadBack)

	fenced := &script{readsBack: true}
	fenced.readBack = func(activities.ReadBackInput) (activities.ReadBackResult, error) {
		return activities.ReadBackResult{}, final(activities.TypeFenced, "a newer run has taken over")
	}
	_, err = play(t, environment(t, fenced), workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeFenced)
}
