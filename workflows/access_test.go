package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func TestARunToWhichAccessIsDeniedGoesOnAfterResume(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]int64{"the first batch": 1, "a later batch": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 6, window: 2}
			denied := true
			s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
				s.mutex.Lock()
				defer s.mutex.Unlock()
				if denied && batch >= at {
					return activities.SendBatchResult{}, final(activities.TypeAccessDenied, "sync demo: the API key was refused (401)")
				}
				return created(1000), nil
			}
			env := environment(t, s)
			env.RegisterDelayedCallback(func() {
				hold := progress(t, env).Hold
				require.Equal(t, workflows.HoldAccess, hold.Kind)
				require.Equal(t, "sync demo: the API key was refused (401)", hold.Why)
				s.mutex.Lock()
				denied = false
				s.mutex.Unlock()
			}, time.Hour)
			answers := give(t, env, order{2 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.NoError(t, answers[0].rejected)
			p := progress(t, env)
			require.Equal(t, int64(6000), p.Settled)
			require.Equal(t, int64(6000), p.Outcomes.Created)
		})
	}
}

func TestASourceThatDeniesAccessIsReadOnAfterResume(t *testing.T) {
	t.Parallel()
	s := &script{}
	denied := true
	s.readPages = func(int64) (activities.ReadPagesResult, error) {
		if denied {
			return activities.ReadPagesResult{}, final(activities.TypeAccessDenied, "zeotap says no")
		}
		return activities.ReadPagesResult{Page: 1, Complete: true, Read: 1000, Staged: 1000}, nil
	}
	env := environment(t, s)
	env.RegisterDelayedCallback(func() { denied = false }, time.Minute)
	give(t, env, order{time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
}

func TestARunToWhichAccessIsDeniedTooLongFailsWithThatReason(t *testing.T) {
	t.Parallel()
	s := &script{batches: 6, window: 2}
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		return activities.SendBatchResult{}, final(activities.TypeAccessDenied, "sync demo: the API key was refused (401)")
	}
	env := environment(t, s)
	spec := demo()
	spec.Limits.WaitForDecision = config.Duration(time.Hour)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	require.Equal(t, "sync demo: the API key was refused (401)", failedWith(t, err, activities.TypeAccessDenied).Message())
	require.Equal(t, noon.Add(time.Hour), env.Now().UTC())
	require.Equal(t, []int64{1}, s.sent())
}
