package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

var postponed = activities.SendBatchResult{Postponed: true}

func unresolved(n int64) activities.SendBatchResult {
	return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Unresolved: n}}
}

// attempt is how a batch was sent.
type attempt struct {
	batch int64
	mode  activities.SendMode
}

func TestABatchThatIsNeverAnsweredForIsIsolatedWhileOthersArrive(t *testing.T) {
	t.Parallel()
	var attempts []attempt
	s := &script{batches: 4, window: 1}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		attempts = append(attempts, attempt{batch, mode})
		switch {
		case batch == 2 && mode == activities.SendSuspect:
			return split(5, 6)
		case batch == 2:
			return postponed
		case batch == 6 && mode == activities.SendSuspect:
			return unresolved(500)
		case batch == 5:
			return created(500)
		}
		return created(1000)
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []attempt{{1, ""}, {2, ""}, {3, ""}, {4, ""}, {2, activities.SendSuspect}, {5, activities.SendSuspect}, {6, activities.SendSuspect}}, attempts)
	require.Equal(t, audience.Outcomes{Created: 3500, Unresolved: 500}, progress(t, env).Outcomes)
	require.Equal(t, int64(6), progress(t, env).BatchesDone)
}

func TestAFirstBatchThatIsNeverAnsweredForDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	s := &script{batches: 3, window: 2}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		switch {
		case batch > 1:
			return created(1000)
		case mode == activities.SendSuspect:
			return unresolved(1000)
		}
		return postponed
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Created: 2000, Unresolved: 1000}, progress(t, env).Outcomes)
}

func TestInAnOutageOnlyAWindowOfBatchesIsTriedAndThenPatiently(t *testing.T) {
	t.Parallel()
	touched := map[int64]bool{}
	answers := false
	s := &script{batches: 50, window: 4}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if batch == 1 {
			return created(1000)
		}
		// The outage ends only for those who wait for it.
		answers = answers || mode == activities.SendPatiently
		if !answers {
			touched[batch] = true
			return postponed
		}
		require.NotEqual(t, activities.SendSuspect, mode, "an outage makes nobody suspect before others arrive")
		return created(1000)
	}
	env := environment(t, s)
	// Those that were postponed are suspect once others have arrived, which here
	// means no more than that they are sent again.
	inMode := s.inMode
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		if mode == activities.SendSuspect {
			require.True(t, touched[batch])
			return created(1000)
		}
		return inMode(batch, mode)
	}
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, int64(50_000), progress(t, env).Outcomes.Created)
	require.LessOrEqual(t, len(touched), 8)
}

func TestABatchThatIsNeverAnsweredForIsHalvedWhenNoOtherIsLeftToTell(t *testing.T) {
	t.Parallel()
	var attempts []attempt
	s := &script{batches: 2, window: 1}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		attempts = append(attempts, attempt{batch, mode})
		switch {
		case batch == 1:
			return created(1000)
		case batch == 2 && mode == activities.SendInHalves:
			return split(3, 4)
		case batch == 3 && mode == activities.SendSuspect:
			return unresolved(500)
		case batch == 4:
			return created(500)
		}
		return postponed
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []attempt{{1, ""}, {2, ""}, {2, activities.SendInHalves}, {3, ""}, {4, activities.SendPatiently}, {3, activities.SendSuspect}}, attempts)
	require.Equal(t, audience.Outcomes{Created: 1500, Unresolved: 500}, progress(t, env).Outcomes)
}

func TestAnOutageThatOutlastsEveryTryHalvesNoMoreThanAWindowOfBatches(t *testing.T) {
	t.Parallel()
	const window = 2
	parts, requests := int64(4), 0
	s := &script{batches: 4, window: window}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		switch {
		case batch == 1:
			return created(1000)
		case mode == activities.SendInHalves:
			parts += 2
			return split(parts-1, parts)
		case requests < 100:
			requests++
			return postponed
		case batch <= 4:
			return created(1000)
		}
		return created(500)
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, 100, requests)
	require.LessOrEqual(t, parts-4, int64(2*window), "batches were halved although there was nobody to tell")
}
