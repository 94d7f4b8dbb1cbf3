package activities

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

const tenant = "https://acme.example zeotap"

// openLedger opens an empty ledger that lives as long as the test.
func openLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// openBudget makes a budget of a workspace in an empty ledger.
func openBudget(t *testing.T, perSecond float64, inFlight int) *budget {
	t.Helper()
	l := openLedger(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), tenant))
	return newBudget(l, tenant, config.Limits{RequestsPerSecond: perSecond, RequestsInFlight: inFlight})
}

// requireFree expects that every place in flight can be taken.
func requireFree(t *testing.T, b *budget) {
	t.Helper()
	require.Empty(t, b.inFlight, "a place in flight was not given back")
}

func TestNoMoreRequestsAreInFlightThanAllowed(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 10_000, 3)
	var now, most, total atomic.Int64
	var senders sync.WaitGroup
	for range 12 {
		senders.Go(func() {
			for range 5 {
				release, err := b.Acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				flying := now.Add(1)
				for seen := most.Load(); flying > seen && !most.CompareAndSwap(seen, flying); seen = most.Load() {
				}
				total.Add(1)
				now.Add(-1)
				release()
			}
		})
	}
	senders.Wait()
	require.Equal(t, int64(60), total.Load())
	require.LessOrEqual(t, most.Load(), int64(3))
	requireFree(t, b)
}

func TestAllPlacesAreUsedBeforeAnyoneWaits(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 10_000, 3)
	releases := make([]func(), 0, 3)
	for range 3 {
		release, err := b.Acquire(t.Context())
		require.NoError(t, err)
		releases = append(releases, release)
	}
	waiting, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := b.Acquire(waiting)
		ended <- err
	}()
	stop()
	require.ErrorIs(t, <-ended, context.Canceled, "the fourth waits for a place")
	for _, release := range releases {
		release()
	}
	requireFree(t, b)
}

func TestSendTimesAreApartHoweverManyBudgetsShareTheWorkspace(t *testing.T) {
	t.Parallel()
	const perSecond, requests = 50, 10
	one := openBudget(t, perSecond, 4)
	other := newBudget(one.ledger, tenant, config.Limits{RequestsPerSecond: perSecond, RequestsInFlight: 4})
	begin := time.Now()
	var senders sync.WaitGroup
	for i := range requests {
		b := []*budget{one, other}[i%2]
		senders.Go(func() {
			release, err := b.Acquire(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	senders.Wait()
	require.GreaterOrEqual(t, time.Since(begin), (requests-1)*time.Second/perSecond-5*time.Millisecond,
		"ten requests at 50 a second take nine intervals")
}

// waitingForItsTime starts an Acquire and returns once it waits for a send time
// that is about a second ahead.
func waitingForItsTime(t *testing.T, b *budget) (failed <-chan error) {
	t.Helper()
	release, err := b.Acquire(t.Context())
	require.NoError(t, err)
	release()
	ended := make(chan error, 1)
	go func() {
		release, err := b.Acquire(t.Context())
		if err == nil {
			release()
		}
		ended <- err
	}()
	require.Eventually(t, func() bool {
		next, _, err := b.ledger.Reserve(t.Context(), b.workspace, 0, 0)
		return err == nil && next > b.interval
	}, 5*time.Second, time.Millisecond)
	return ended
}

func TestAToldDelayThatArrivesWhileWaitingIsHeeded(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1, 2)
	ended := waitingForItsTime(t, b)
	const told = 1500 * time.Millisecond
	begin := time.Now()
	require.NoError(t, b.Told(t.Context(), told))
	require.NoError(t, <-ended)
	require.GreaterOrEqual(t, time.Since(begin), told-5*time.Millisecond)
	requireFree(t, b)
}

func TestALongToldDelayThatArrivesWhileWaitingEndsTheWait(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1, 1)
	ended := waitingForItsTime(t, b)
	require.NoError(t, b.Told(t.Context(), time.Hour))
	var wait *budgetWaitError
	require.ErrorAs(t, <-ended, &wait)
	require.Greater(t, wait.delay, 59*time.Minute)
	requireFree(t, b)
}

func TestAFarSendTimeGivesTheActivityBackWithTheDelay(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1.0/3600, 1)
	release, err := b.Acquire(t.Context())
	require.NoError(t, err)
	release()
	for range 3 {
		_, err = b.Acquire(t.Context())
		var wait *budgetWaitError
		require.ErrorAs(t, err, &wait)
		require.Greater(t, wait.delay, 59*time.Minute)
		require.LessOrEqual(t, wait.delay, time.Hour, "asking in vain takes nothing from the budget")
		requireFree(t, b)
	}
	require.EqualError(t, &budgetWaitError{workspace: tenant, delay: 90*time.Second + time.Millisecond},
		"waiting 1m30s for the request budget of the workspace https://acme.example zeotap")
}

func TestACancelledWaitGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 0.2, 1) // the second send time is five seconds ahead, within the horizon
	release, err := b.Acquire(t.Context())
	require.NoError(t, err)
	release()
	waiting, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := b.Acquire(waiting)
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(b.inFlight) == 1 }, 5*time.Second, time.Millisecond)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	requireFree(t, b)

	_, err = b.Acquire(waiting)
	require.ErrorIs(t, err, context.Canceled)
	requireFree(t, b)
}

func TestALedgerThatDoesNotAnswerGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 5, 1)
	b.workspace = "nobody knows it"
	_, err := b.Acquire(t.Context())
	require.ErrorContains(t, err, "ledger: budget of the workspace")
	requireFree(t, b)
}
