package endpoints

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

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
	_, taken := b.inFlight.size()
	require.Zero(t, taken, "a place in flight was not given back")
}

func TestNoMoreRequestsAreInFlightThanAllowed(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 10_000, 3)
	var now, most, total atomic.Int64
	var senders sync.WaitGroup
	for range 12 {
		senders.Go(func() {
			for range 5 {
				release, err := b.Acquire(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				flying := now.Add(1)
				for seen := most.Load(); flying > seen && !most.CompareAndSwap(seen, flying); seen = most.Load() {
				}
				total.Add(1)
				<-time.After(time.Millisecond) // A request takes its time.
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
		release, err := b.Acquire(t.Context(), nil)
		require.NoError(t, err)
		releases = append(releases, release)
	}
	placed := make(chan struct{})
	ended := make(chan error)
	go func() {
		release, err := b.Acquire(t.Context(), func(context.Context) error {
			close(placed)
			return nil
		})
		if err == nil {
			release()
		}
		ended <- err
	}()
	select {
	case <-placed:
		t.Fatal("the fourth does not wait for a place")
	case <-time.After(200 * time.Millisecond): // At 10,000 requests a second a place is all that it can wait for.
	}
	releases[0]()
	<-placed
	require.NoError(t, <-ended)
	for _, release := range releases[1:] {
		release()
	}
	requireFree(t, b)
}

func TestConnectionsToOneWorkspaceShareItsStrictestLimits(t *testing.T) {
	t.Parallel()
	connection := func(sourceType string, perSecond float64, inFlight int) config.HelloCharles {
		c := config.DefaultHelloCharles()
		c.BaseURL, c.Credential, c.SourceType = "https://acme.example", "the key", sourceType
		c.Limits.RequestsPerSecond, c.Limits.RequestsInFlight = perSecond, inFlight
		return c
	}
	for _, first := range []string{"fast", "wide"} {
		pool := New(Options{
			Ledger: openLedger(t), Meter: noop.NewMeterProvider().Meter("test"),
			Connections: config.Connections{HelloCharles: map[string]config.HelloCharles{
				"fast": connection("zeotap", 5, 2), "wide": connection("zeotap", 2, 8), "other": connection("crm", 1, 1),
			}},
		})
		_, err := pool.Workspace(t.Context(), first)
		require.NoError(t, err)
		budget := pool.budgets[connection("zeotap", 1, 1).Workspace()]
		number, _ := budget.inFlight.size()
		require.Equal(t, 2, number)
		require.Equal(t, time.Second/2, budget.interval())
	}
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
			release, err := b.Acquire(t.Context(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	senders.Wait()
	require.GreaterOrEqual(t, time.Since(begin), (requests-2)*time.Second/perSecond-5*time.Millisecond,
		"ten requests at 50 a second take nine intervals, less the one that the budget may lag behind")
}

// waiting is an Acquire that waits for its send time.
type waiting struct {
	ended <-chan error
	// marks counts how often before ran.
	marks *atomic.Int64
}

// waitForATime starts an Acquire whose send time is far enough ahead, and
// returns once it is reserved.
func waitForATime(t *testing.T, b *budget) waiting {
	t.Helper()
	release, err := b.Acquire(t.Context(), nil)
	require.NoError(t, err)
	release()
	ended, marks := make(chan error, 1), &atomic.Int64{}
	go func() {
		release, err := b.Acquire(t.Context(), func(context.Context) error {
			marks.Add(1)
			return nil
		})
		if err == nil {
			release()
		}
		ended <- err
	}()
	require.Eventually(t, func() bool {
		next, _, err := b.ledger.Reserve(t.Context(), b.workspace, 0, 0)
		return err == nil && next.Wait > 0
	}, 5*time.Second, time.Millisecond)
	return waiting{ended, marks}
}

func TestAToldDelayThatArrivesWhileWaitingIsHeeded(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1, 2)
	w := waitForATime(t, b)
	const told = 1500 * time.Millisecond
	begin := time.Now()
	require.NoError(t, b.Refused(t.Context(), told, 0))
	require.NoError(t, <-w.ended)
	require.GreaterOrEqual(t, time.Since(begin), told-5*time.Millisecond)
	require.Equal(t, int64(1), w.marks.Load())
	requireFree(t, b)
}

func TestALongToldDelayThatArrivesWhileWaitingEndsTheWait(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1.0/3, 1) // nothing is recorded as sent for two seconds
	w := waitForATime(t, b)
	require.NoError(t, b.Refused(t.Context(), time.Hour, 0))
	var wait *BudgetWaitError
	require.ErrorAs(t, <-w.ended, &wait)
	require.Greater(t, wait.Delay, 59*time.Minute)
	require.True(t, wait.Told)
	require.EqualError(t, &BudgetWaitError{Workspace: tenant, Delay: 40 * time.Second, Told: true},
		"Hello Charles has asked to wait, for another 40s (workspace https://acme.example zeotap)")
	require.Zero(t, w.marks.Load(), "nothing was about to leave")
	requireFree(t, b)
}

func TestADelayThatIsToldWhileARequestIsRecordedAsSentHoldsItBack(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1, 1)
	other := newBudget(b.ledger, tenant, config.Limits{RequestsPerSecond: 1, RequestsInFlight: 1})
	marks := 0
	_, err := b.Acquire(t.Context(), func(ctx context.Context) error {
		marks++
		return other.Refused(ctx, time.Hour, 0)
	})
	var wait *BudgetWaitError
	require.ErrorAs(t, err, &wait)
	require.Greater(t, wait.Delay, 59*time.Minute)
	require.Equal(t, 1, marks)
	requireFree(t, b)
}

func TestNoRequestLeavesWhileTheLedgerLearnsOfARefusal(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1000, 1)
	b.telling.Lock()
	ended := make(chan error, 1)
	go func() {
		_, err := b.Acquire(t.Context(), nil)
		ended <- err
	}()
	require.Eventually(t, func() bool {
		state, err := b.ledger.Budget(t.Context(), tenant)
		return err == nil && state.Allowed > 0
	}, 5*time.Second, time.Millisecond, "it has its time, which is now")
	require.NoError(t, b.ledger.Told(t.Context(), tenant, time.Hour))
	b.telling.Unlock()
	var wait *BudgetWaitError
	require.ErrorAs(t, <-ended, &wait)
	requireFree(t, b)
}

func TestARequestIsRecordedOnceHoweverOftenItsTimeBecomesVoid(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1000, 1)
	marks := 0
	release, err := b.Acquire(t.Context(), func(ctx context.Context) error {
		if marks++; marks > 1 {
			return errors.New("recorded again")
		}
		return b.Refused(ctx, time.Millisecond, 0)
	})
	require.NoError(t, err)
	release()
	require.Equal(t, 1, marks)
	requireFree(t, b)
}

func TestARequestThatMissedItsTimeTakesAnother(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1.0/3600, 1)
	_, err := b.Acquire(t.Context(), func(context.Context) error {
		<-time.After(mostLate) // The ledger takes its time.
		return nil
	})
	var wait *BudgetWaitError
	require.ErrorAs(t, err, &wait, "the next one is an hour away")
	requireFree(t, b)
}

func TestARefusalWithoutADelayCutsTheRateOfAllWorkers(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1.0/3600, 2)
	release, err := b.Acquire(t.Context(), nil)
	require.NoError(t, err)
	release()
	require.NoError(t, b.Refused(t.Context(), 0, 0))
	other := newBudget(b.ledger, tenant, config.Limits{RequestsPerSecond: 1.0 / 3600, RequestsInFlight: 1})
	_, err = other.Acquire(t.Context(), nil)
	var wait *BudgetWaitError
	require.ErrorAs(t, err, &wait)
	require.Greater(t, wait.Delay, 61*time.Minute, "an hour at the full rate")
	state, err := b.ledger.Budget(t.Context(), tenant)
	require.NoError(t, err)
	require.Zero(t, state.ToldUntil)
}

func TestWhatRunsBeforeARequestMayForbidIt(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 5, 1)
	fenced := errors.New("another run took over")
	_, err := b.Acquire(t.Context(), func(context.Context) error { return fenced })
	require.Equal(t, fenced, err)
	requireFree(t, b)
}

func TestAFarSendTimeGivesTheActivityBackWithTheDelay(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1.0/3600, 1)
	release, err := b.Acquire(t.Context(), nil)
	require.NoError(t, err)
	release()
	for range 3 {
		_, err = b.Acquire(t.Context(), nil)
		var wait *BudgetWaitError
		require.ErrorAs(t, err, &wait)
		require.Greater(t, wait.Delay, 59*time.Minute)
		require.LessOrEqual(t, wait.Delay, time.Hour, "asking in vain takes nothing from the budget")
		require.False(t, wait.Told, "nobody has asked for it")
		requireFree(t, b)
	}
	require.EqualError(t, &BudgetWaitError{Workspace: tenant, Delay: 90*time.Second + time.Millisecond},
		"waiting 1m30s for the request budget of the workspace https://acme.example zeotap")
}

func TestACancelledWaitGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 0.2, 1) // the second send time is five seconds ahead, within the horizon
	release, err := b.Acquire(t.Context(), nil)
	require.NoError(t, err)
	release()
	waiting, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := b.Acquire(waiting, nil)
		ended <- err
	}()
	require.Eventually(t, func() bool {
		_, taken := b.inFlight.size()
		return taken == 1
	}, 5*time.Second, time.Millisecond)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	requireFree(t, b)

	_, err = b.Acquire(waiting, nil)
	require.ErrorIs(t, err, context.Canceled)
	requireFree(t, b)
}

func TestALedgerThatDoesNotAnswerGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 5, 1)
	b.workspace = "nobody knows it"
	_, err := b.Acquire(t.Context(), nil)
	require.ErrorContains(t, err, "ledger: limits of the workspace")
	requireFree(t, b)
}
