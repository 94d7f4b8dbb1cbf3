package workflows_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/workflows"
)

// setting is a Hello Charles whose limits are set to a window by a person, as the
// results of batches tell; the later batches go through the door.
func setting(s *script, window int, d *door) {
	s.sendBatch = func(ctx context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch > 1 {
			if err := d.pass(ctx); err != nil {
				return activities.SendBatchResult{}, err
			}
		}
		result := created(1000)
		result.Window, result.RequestsPerSecond = window, 0.2
		return result, nil
	}
}

func TestTheWindowFollowsTheLimitsThatAreSetWhileTheRunIsGoing(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 6} {
		t.Run(fmt.Sprintf("%d instead of 3", window), func(t *testing.T) {
			t.Parallel()
			const batches = 31
			d := newDoor(window, batches-1)
			s := &script{batches: batches, window: 3}
			setting(s, window, d)
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, window, d.most)
			require.Len(t, s.sent(), batches)
		})
	}
}

func TestANewHistoryKeepsTheWindowUntilTheLimitsAreCleared(t *testing.T) {
	t.Parallel()
	s := &script{batches: 22, window: 2}
	spec := demo()
	spec.Limits.BatchesPerHistory = 6
	setting(s, 6, newDoor(6, 21))
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	in := carriedBy(t, err)
	require.Equal(t, 6, in.Carried.Window)
	require.InDelta(t, 200, in.Carried.Opened.Allowed.ContactsPerSecond(), 0, "what is allowed now")

	d := newDoor(6, 15)
	setting(s, 0, d)
	_, err = play(t, environment(t, s), in)
	require.Equal(t, 6, d.most)
	require.Zero(t, carriedBy(t, err).Carried.Window)
}
