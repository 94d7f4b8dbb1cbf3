package endpoints

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

const (
	// patience is how long a slow machine is waited for, and pause how often it is asked.
	patience = 30 * time.Second
	pause    = time.Millisecond
)

// tenants is a pool with two connections to one workspace, and one to another.
func tenants(t *testing.T) (pool *Pool, workspace string) {
	t.Helper()
	connection := func(sourceType string, perSecond float64, inFlight int) config.HelloCharles {
		c := config.DefaultHelloCharles()
		c.BaseURL, c.Credential, c.SourceType = "https://acme.example", "the key", sourceType
		c.Limits.RequestsPerSecond, c.Limits.RequestsInFlight = perSecond, inFlight
		return c
	}
	pool = New(Options{
		Ledger: openLedger(t), Meter: noop.NewMeterProvider().Meter("test"),
		Connections: config.Connections{HelloCharles: map[string]config.HelloCharles{
			"fast": connection("zeotap", 5, 2), "wide": connection("zeotap", 2, 8), "other": connection("crm", 1, 1),
		}},
	})
	return pool, connection("zeotap", 1, 1).Workspace()
}

func TestLimitsAreThoseOfTheFileUntilOthersAreSetForTheWholeWorkspace(t *testing.T) {
	t.Parallel()
	pool, workspace := tenants(t)
	for _, name := range []string{"fast", "wide", workspace} {
		limits, err := pool.Limits(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, workspace, limits.Workspace)
		require.Equal(t, []string{"fast", "wide"}, limits.Connections)
		require.InDelta(t, 2, limits.RequestsPerSecond(), 0)
		require.Equal(t, 2, limits.RequestsInFlight())
	}
	rate := 100.0
	limits, err := pool.ChangeLimits(t.Context(), "fast", ledger.LimitChange{RequestsPerSecond: &rate, By: "ada"})
	require.NoError(t, err)
	require.InDelta(t, 100, limits.RequestsPerSecond(), 0)
	require.InDelta(t, 2, limits.File.RequestsPerSecond, 0)
	require.Equal(t, 2, limits.RequestsInFlight())
	settings, err := pool.InForce(t.Context(), "wide")
	require.NoError(t, err)
	require.InDelta(t, 100, settings.Limits.RequestsPerSecond, 0)
	require.Equal(t, 2, settings.Limits.RequestsInFlight)
	limits, err = pool.Limits(t.Context(), "other")
	require.NoError(t, err)
	require.InDelta(t, 1, limits.RequestsPerSecond(), 0, "it is another workspace")

	var unknown *SettingsError
	_, err = pool.Limits(t.Context(), "fest")
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, `did you mean "fast"?`)
	_, err = pool.ChangeLimits(t.Context(), "fest", ledger.LimitChange{Clear: true})
	require.ErrorAs(t, err, &unknown)
}

// change changes the limits of the tenant.
func (b *budget) change(t *testing.T, change ledger.LimitChange) {
	t.Helper()
	change.By = "ada"
	require.NoError(t, b.ledger.ChangeLimits(t.Context(), b.workspace, change))
}

func TestWhoWaitsLearnsOfAFasterRateBeforeItsTimeComes(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 1, 1)
	reserved, _, err := b.ledger.Reserve(t.Context(), tenant, time.Second, slotHorizon)
	require.NoError(t, err)
	ended := make(chan bool, 1)
	go func() {
		valid, err := b.await(t.Context(), reserved, time.Now().Add(time.Hour))
		if err != nil {
			t.Error(err)
		}
		ended <- valid
	}()
	fast := 1000.0
	b.change(t, ledger.LimitChange{RequestsPerSecond: &fast})
	require.False(t, <-ended, "the time of before is not waited for")
}

func TestASlowerRateHoldsBackWhoWaitsAlready(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 0.2, 1) // the second send time is five seconds ahead
	w := waitForATime(t, b)
	slow := 0.01
	b.change(t, ledger.LimitChange{RequestsPerSecond: &slow})
	var wait *BudgetWaitError
	require.ErrorAs(t, <-w.ended, &wait)
	require.Greater(t, wait.Delay, time.Minute)
	requireFree(t, b)
}

func TestTheNumberInFlightFollowsTheLedgerWithTheNextRequest(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 10_000, 2)
	acquire := func() {
		t.Helper()
		release, err := b.Acquire(t.Context(), nil)
		require.NoError(t, err)
		release()
	}
	for _, number := range []int{7, 1} {
		b.change(t, ledger.LimitChange{RequestsInFlight: &number})
		acquire()
		now, _ := b.inFlight.size()
		require.Equal(t, number, now)
	}
	b.change(t, ledger.LimitChange{Clear: true})
	acquire()
	now, _ := b.inFlight.size()
	require.Equal(t, 2, now)
}

func TestFewerInFlightAreHeededByWhoWaitsForAPlaceAlready(t *testing.T) {
	t.Parallel()
	b := openBudget(t, 10_000, 2)
	releases := make([]func(), 0, 2)
	for range 2 {
		release, err := b.Acquire(t.Context(), nil)
		require.NoError(t, err)
		releases = append(releases, release)
	}
	third := make(chan func(), 1)
	go func() {
		release, err := b.Acquire(t.Context(), nil)
		if err != nil {
			t.Error(err)
		}
		third <- release
	}()
	awaitWaiting(t, b.inFlight, 1)
	one := 1
	b.change(t, ledger.LimitChange{RequestsInFlight: &one})
	releases[0]()
	require.Eventually(t, func() bool {
		number, _ := b.inFlight.size()
		return number == 1
	}, patience, pause)
	awaitWaiting(t, b.inFlight, 1)
	releases[1]()
	(<-third)()
	requireFree(t, b)
}
