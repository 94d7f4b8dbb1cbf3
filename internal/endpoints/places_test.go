package endpoints

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// taking takes a place in the background and reports when it has it.
func taking(ctx context.Context, p *places) <-chan error {
	taken := make(chan error, 1)
	go func() { taken <- p.take(ctx) }()
	return taken
}

// awaitWaiting waits until so many wait for a place.
func awaitWaiting(t *testing.T, p *places, number int) {
	t.Helper()
	require.Eventually(t, func() bool {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		return p.waiting.Len() == number
	}, patience, pause)
}

func TestMorePlacesAreGivenToThoseWhoWaitAtOnceInTheirOrder(t *testing.T) {
	t.Parallel()
	p := newPlaces(1)
	require.NoError(t, p.take(t.Context()))
	first := taking(t.Context(), p)
	awaitWaiting(t, p, 1)
	second := taking(t.Context(), p)
	awaitWaiting(t, p, 2)
	p.resize(2)
	require.NoError(t, <-first)
	awaitWaiting(t, p, 1)
	p.giveBack()
	require.NoError(t, <-second)
}

func TestFewerPlacesTakeNobodysAwayAndLetNobodyInUntilEnoughAreFree(t *testing.T) {
	t.Parallel()
	p := newPlaces(3)
	for range 3 {
		require.NoError(t, p.take(t.Context()))
	}
	p.resize(1)
	next := taking(t.Context(), p)
	awaitWaiting(t, p, 1)
	p.giveBack()
	p.giveBack()
	awaitWaiting(t, p, 1)
	p.giveBack()
	require.NoError(t, <-next)
	number, taken := p.size()
	require.Equal(t, []int{1, 1}, []int{number, taken})
}

func TestWhoGivesUpWaitingLeavesThePlaceToTheNext(t *testing.T) {
	t.Parallel()
	p := newPlaces(1)
	require.NoError(t, p.take(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	gone := taking(ctx, p)
	awaitWaiting(t, p, 1)
	next := taking(t.Context(), p)
	awaitWaiting(t, p, 2)
	stop()
	require.ErrorIs(t, <-gone, context.Canceled)
	awaitWaiting(t, p, 1)
	p.giveBack()
	require.NoError(t, <-next)
	require.ErrorIs(t, p.take(ctx), context.Canceled)
	p.giveBack()
	_, taken := p.size()
	require.Zero(t, taken)
}
