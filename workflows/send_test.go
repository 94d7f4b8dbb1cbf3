package workflows_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// door lets batches in one by one and opens for all in it when it is full, so
// that as many batches as there may be are under way at the same time.
type door struct {
	size    int
	left    int // batches that are still to come
	mutex   sync.Mutex
	inside  int
	most    int
	waiting int
	open    chan struct{}
}

func newDoor(size, batches int) *door {
	return &door{size: size, left: batches, open: make(chan struct{})}
}

func (d *door) pass(ctx context.Context) error {
	d.mutex.Lock()
	d.inside++
	d.most = max(d.most, d.inside)
	d.left--
	d.waiting++
	open := d.open
	if d.waiting == d.size || d.left == 0 {
		close(d.open)
		d.waiting, d.open = 0, make(chan struct{})
	}
	d.mutex.Unlock()
	defer func() {
		d.mutex.Lock()
		d.inside--
		d.mutex.Unlock()
	}()
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestTheWindowIsReachedAndNeverExceeded(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 4, 16} {
		t.Run(fmt.Sprintf("%d batches under way", window), func(t *testing.T) {
			t.Parallel()
			const batches = 50
			d := newDoor(window, batches-1)
			s := &script{batches: batches, window: window}
			s.sendBatch = func(ctx context.Context, batch int64) (activities.SendBatchResult, error) {
				if batch > 1 {
					if err := d.pass(ctx); err != nil {
						return activities.SendBatchResult{}, err
					}
				}
				return created(1000), nil
			}
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, window, d.most)
			require.Len(t, s.sent(), batches)
		})
	}
}

func TestTheFirstBatchGoesAloneAndIsLookedAtBeforeTheOthers(t *testing.T) {
	t.Parallel()
	s := &script{batches: 4, window: 4}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []string{"open", "read 0", "decide", "send 1", "sent 1"}, s.events[:5])
	require.Len(t, s.sent(), 4)
}

func TestPartsOfASplitBatchAreSentBeforeAllOthers(t *testing.T) {
	t.Parallel()
	s := &script{batches: 4, window: 1}
	parts := map[int64][]int64{1: {5, 6}, 5: {7, 8}, 3: {9, 10}}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if into, ok := parts[batch]; ok {
			return split(into...), nil
		}
		return created(500), nil
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 5, 7, 8, 6, 2, 3, 9, 10, 4}, s.sent())
	p := progress(t, env)
	require.Equal(t, int64(10), p.Batches)
	require.Equal(t, int64(10), p.BatchesDone)
}

func TestMembersThatAreSentAgainOnTheirOwnGoFirst(t *testing.T) {
	t.Parallel()
	s := &script{batches: 3, window: 1}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch == 2 {
			result := created(998)
			result.Next = []int64{4}
			return result, nil
		}
		return created(1), nil
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 4, 3}, s.sent())
}

// splitting is a Hello Charles that refuses each request as a whole in which a
// poison contact is, and a ledger that splits in halves.
type splitting struct {
	poison func(contact int) bool
	mutex  sync.Mutex
	parts  map[int64][2]int
	last   int64
}

func newSplitting(batches int64, poison func(int) bool) *splitting {
	s := &splitting{poison: poison, parts: map[int64][2]int{}, last: batches}
	for number := range batches {
		s.parts[number+1] = [2]int{int(number) * 1000, int(number+1) * 1000}
	}
	return s
}

func (s *splitting) send(_ context.Context, batch int64) (activities.SendBatchResult, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	from, to := s.parts[batch][0], s.parts[batch][1]
	found := false
	for contact := from; contact < to; contact++ {
		found = found || s.poison(contact)
	}
	switch {
	case !found:
		return created(int64(to - from)), nil
	case to-from == 1:
		return refused(1), nil
	}
	half := from + (to-from)/2
	s.parts[s.last+1], s.parts[s.last+2] = [2]int{from, half}, [2]int{half, to}
	s.last += 2
	return split(s.last-1, s.last), nil
}

func TestAFirstBatchThatIsRefusedAsAWholeStopsTheRunSoonAndAsks(t *testing.T) {
	t.Parallel()
	s := &script{batches: 8, window: 4, sendBatch: newSplitting(8, func(int) bool { return true }).send}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeNotApproved)
	require.Contains(t, failed.Message(), "sync demo: Hello Charles refused 16 requests in a row and took nothing")
	require.Contains(t, failed.Message(), "7,996 members wait to be sent")
	require.Contains(t, failed.Message(), "nobody approved it within 24h0m0s (limits.wait_for_decision)")
	require.Len(t, s.sent(), 16)
	require.NotContains(t, s.sent(), int64(2), "another planned batch was sent")
	require.Equal(t, 1, s.happened("close failed"))
	require.Zero(t, s.happened("close "))
}

func TestOnePoisonContactDoesNotStopTheRun(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 1, 499, 500, 999, 1000, 2999} {
		t.Run(fmt.Sprintf("contact %d", at), func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 3, window: 2, sendBatch: newSplitting(3, func(c int) bool { return c == at }).send}
			env := environment(t, s)
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			p := progress(t, env)
			require.Equal(t, audience.Outcomes{Created: 2999, Refused: 1}, p.Outcomes)
			require.Equal(t, int64(3000), p.Settled)
		})
	}
}

func TestTheShareThatIsRefusedDecidesWhetherTheRunGoesOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		limit   float64
		created int64
		refused int64
		stops   bool
	}{
		{"at the limit", 0.5, 500, 500, false},
		{"over the limit", 0.5, 499, 501, true},
		{"one where none is allowed", 0, 999, 1, true},
		{"all where all are allowed", 1, 0, 1000, false},
		{"none of the batch could be sent", 0, 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 3, window: 2}
			s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
				if batch > 1 {
					return created(1000), nil
				}
				return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{
					audience.Created: test.created, audience.Refused: test.refused, audience.Invalid: 3,
				}}, nil
			}
			spec := demo()
			spec.Limits.Refused = config.Share(test.limit)
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
			if !test.stops {
				require.NoError(t, err)
				require.Len(t, s.sent(), 3)
				return
			}
			failed := failedWith(t, err, activities.TypeNotApproved)
			require.Contains(t, failed.Message(), fmt.Sprintf("refused %s of 1,000 contacts, more than %g%% (limits.refused)",
				audience.Thousands(test.refused), 100*test.limit))
			require.Equal(t, []int64{1}, s.sent())
			require.Equal(t, 1, s.happened("close failed"))
		})
	}
}

func TestABatchThatFailsForGoodStopsIssuingDrainsAndEndsTheRun(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	env := environment(t, s)
	failureIsKnown := make(chan struct{})
	s.sendBatch = func(ctx context.Context, batch int64) (activities.SendBatchResult, error) {
		switch batch {
		case 1:
			return created(1000), nil
		case 3:
			return activities.SendBatchResult{}, final(activities.TypeRequestRefused, "sync demo: the request was refused (405)")
		}
		select {
		case <-failureIsKnown:
			return created(1000), nil
		case <-ctx.Done():
			return activities.SendBatchResult{}, ctx.Err()
		}
	}
	env.SetOnActivityCompletedListener(func(_ *activity.Info, _ converter.EncodedValue, err error) {
		if err != nil {
			close(failureIsKnown)
		}
	})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})

	failed := failedWith(t, err, activities.TypeRequestRefused)
	require.Equal(t, "sync demo: the request was refused (405)", failed.Message())
	require.ElementsMatch(t, []int64{1, 2, 3, 4}, s.sent(), "issued after the failure was known")
	require.Less(t, s.place(t, "sent 2"), s.place(t, "close failed"))
	require.Less(t, s.place(t, "sent 4"), s.place(t, "close failed"))
	require.Equal(t, int64(3000), progress(t, env).Settled, "what was under way was not waited for")
}

func TestARunThatFailedDoesNotWaitForEverForBatchesThatCannotEnd(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		switch batch {
		case 1:
			return created(1000), nil
		case 3:
			return activities.SendBatchResult{}, final(activities.TypeRequestRefused, "refused")
		default:
			return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("wait", activities.TypeRateLimited,
				temporal.ApplicationErrorOptions{NextRetryDelay: 24 * time.Hour})
		}
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeRequestRefused)
	require.Equal(t, 30*time.Second, env.Now().Sub(noon))
	require.Equal(t, 1, s.happened("close failed"))
}
