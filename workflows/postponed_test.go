package workflows_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

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
	const (
		window = 2
		// outlasted requests get no answer: not so many that the run asks.
		outlasted = 15
	)
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
		case requests < outlasted:
			requests++
			return postponed
		case batch <= 4:
			return created(1000)
		}
		return created(500)
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, outlasted, requests)
	require.LessOrEqual(t, parts-4, int64(2*window), "batches were halved although there was nobody to tell")
}

// unbearable is a Hello Charles that answers for no request with a contact in
// it that it cannot bear, and a ledger that splits batches of these sizes in
// halves. answered says when it answers for everything: after so many requests
// in any case, so that every test ends.
type unbearable struct {
	mutex    sync.Mutex
	sizes    map[int64]int64
	last     int64
	bears    func(batch int64) bool
	answered bool
	attempts []attempt
}

func (u *unbearable) send(batch int64, mode activities.SendMode) activities.SendBatchResult {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.attempts = append(u.attempts, attempt{batch, mode})
	u.answered = u.answered || len(u.attempts) > 5000
	size := u.sizes[batch]
	switch {
	case mode == activities.SendInHalves && size > 1:
		return u.split(batch)
	case u.answered || u.bears != nil && u.bears(batch):
		return created(size)
	case mode == activities.SendSuspect && size > 1:
		return u.split(batch)
	case mode == activities.SendSuspect:
		return unresolved(1)
	}
	return postponed
}

func (u *unbearable) split(batch int64) activities.SendBatchResult {
	size := u.sizes[batch]
	u.sizes[u.last+1], u.sizes[u.last+2] = size/2, size-size/2
	u.last += 2
	return split(u.last-1, u.last)
}

// inMode returns how often requests were sent in a mode.
func (u *unbearable) inMode(mode activities.SendMode) int {
	n := 0
	for _, a := range u.attempts {
		if a.mode == mode {
			n++
		}
	}
	return n
}

func TestARunThatIsAnsweredForNothingInHoursAsksAndEndsWhenNobodyDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		window int
		sizes  map[int64]int64
		bears  func(int64) bool
	}{
		"one contact is all there is":         {16, map[int64]int64{1: 1}, nil},
		"one contact, one request at a time":  {1, map[int64]int64{1: 1}, nil},
		"two contacts, each of them":          {1, map[int64]int64{1: 2}, nil},
		"two contacts after others":           {1, map[int64]int64{1: 1000, 2: 2}, func(batch int64) bool { return batch == 1 }},
		"an outage from the first batch on":   {4, map[int64]int64{1: 1000, 2: 1000, 3: 1000, 4: 1000, 5: 1000, 6: 1000}, nil},
		"an outage while batches are sent":    {2, map[int64]int64{1: 1000, 2: 1000, 3: 1000, 4: 1000}, func(batch int64) bool { return batch == 1 }},
		"a small batch, wide enough to halve": {16, map[int64]int64{1: 4}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := &unbearable{sizes: test.sizes, last: int64(len(test.sizes)), bears: test.bears}
			s := &script{batches: u.last, window: test.window, inMode: u.send}
			env := environment(t, s)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			failed := failedWith(t, err, activities.TypeNotApproved)
			require.Contains(t, failed.Message(), "sync demo: Hello Charles has answered for nothing since 2026-03-02 12:00 UTC")
			require.Contains(t, failed.Message(), "members wait to be sent; approve to go on batch by batch")
			require.Contains(t, failed.Message(), "nobody approved it within 24h0m0s (limits.wait_for_decision)")
			require.Equal(t, 1, progress(t, env).Holds)
			require.Zero(t, u.inMode(activities.SendSuspect), "nobody is given up while nobody has decided")
			require.GreaterOrEqual(t, u.inMode(activities.SendPatiently), 13, "an outage of hours is waited for")
			require.LessOrEqual(t, u.inMode(activities.SendPatiently), 16+test.window)
			require.Equal(t, 1, s.happened("close failed"))
		})
	}
}

func TestAfterAnApprovalContactsThatAreNeverAnsweredForAreGivenUpOneByOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		window int
		sizes  map[int64]int64
		bears  func(int64) bool
		want   audience.Outcomes
		asks   int
	}{
		"one contact is all there is":        {16, map[int64]int64{1: 1}, nil, audience.Outcomes{Unresolved: 1}, 1},
		"one contact, one request at a time": {1, map[int64]int64{1: 1}, nil, audience.Outcomes{Unresolved: 1}, 1},
		"two contacts, each of them":         {1, map[int64]int64{1: 2}, nil, audience.Outcomes{Unresolved: 2}, 1},
		"a hundred contacts, each of them": {
			1,
			map[int64]int64{1: 1000, 2: 100},
			func(batch int64) bool { return batch == 1 },
			audience.Outcomes{Created: 1000, Unresolved: 100},
			3, // It asks again after hours that changed nothing.
		},
		// Of the contacts of batch 2 only one can be borne, in a batch of its own.
		"a hundred contacts, each but one": {
			1,
			map[int64]int64{1: 1000, 2: 100},
			func(batch int64) bool { return batch == 1 || batch == 200 },
			audience.Outcomes{Created: 1001, Unresolved: 99},
			2, // Until it answers for that one.
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := &unbearable{sizes: test.sizes, last: int64(len(test.sizes)), bears: test.bears}
			s := &script{batches: u.last, window: test.window, inMode: u.send}
			env := environment(t, s)
			orders := make([]order, test.asks)
			for i := range orders {
				orders[i] = order{time.Duration(i+1) * time.Hour, workflows.UpdateApprove, workflows.Steer{}, true}
			}
			answers := give(t, env, orders...)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			for _, a := range answers {
				require.NoError(t, a.rejected)
			}
			require.Equal(t, test.want, progress(t, env).Outcomes)
			require.Equal(t, test.asks, progress(t, env).Holds)
		})
	}
}

func TestABatchThatIsTakenApartBecauseNobodyAnswersCountsAsNoRefusal(t *testing.T) {
	t.Parallel()
	u := &unbearable{sizes: map[int64]int64{1: 1000, 2: 100, 3: 1000}, last: 3, bears: func(batch int64) bool { return batch == 1 || batch == 3 }}
	s := &script{batches: u.last, window: 1, inMode: u.send}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Created: 2000, Unresolved: 100}, progress(t, env).Outcomes)
	require.Zero(t, progress(t, env).Holds)
}

func TestAnOutageThatHasPassedWhenItIsApprovedCostsNobody(t *testing.T) {
	t.Parallel()
	u := &unbearable{sizes: map[int64]int64{}, last: 40, bears: func(batch int64) bool { return batch == 1 }}
	for batch := range u.last {
		u.sizes[batch+1] = 1000
	}
	s := &script{batches: u.last, window: 4, inMode: u.send}
	env := environment(t, s)
	env.RegisterDelayedCallback(func() {
		u.mutex.Lock()
		defer u.mutex.Unlock()
		u.answered = true
	}, time.Hour)
	give(t, env, order{2 * time.Hour, workflows.UpdateApprove, workflows.Steer{}, true})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Created: 40_000}, progress(t, env).Outcomes)
}

func TestWhatARunKnowsOfSilenceGoesAlongIntoANewHistory(t *testing.T) {
	t.Parallel()
	u := &unbearable{sizes: map[int64]int64{1: 1000, 2: 2}, last: 2, bears: func(batch int64) bool { return batch == 1 }}
	s := &script{batches: u.last, window: 1, inMode: u.send}
	spec := demo()
	spec.Limits.BatchesPerHistory = 3
	in, histories := workflows.AudienceSyncInput{Spec: spec}, 0
	for {
		histories++
		env := environment(t, s)
		env.RegisterDelayedCallback(func() {
			if hold := progress(t, env).Hold; hold != nil {
				env.UpdateWorkflow(workflows.UpdateApprove, "", &answer{}, workflows.Steer{By: "ada", Hold: hold.ID})
			}
		}, time.Hour)
		_, err := play(t, env, in)
		if workflow.IsContinueAsNewError(err) {
			in = carriedBy(t, err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, audience.Outcomes{Created: 1000, Unresolved: 2}, progress(t, env).Outcomes)
		require.Equal(t, 1, progress(t, env).Holds)
		break
	}
	require.Greater(t, histories, 5)
}
