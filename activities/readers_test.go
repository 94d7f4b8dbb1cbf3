package activities

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/zeotap"
)

// countedReader counts how often it is closed.
type countedReader struct {
	zeotap.Reader
	closed int
}

func (r *countedReader) Close() error {
	r.closed++
	return nil
}

func TestAReaderIsKeptForTheNextCallOfItsRun(t *testing.T) {
	t.Parallel()
	cache, reader := newReaderCache(), &countedReader{}
	run := RunRef{Sync: "demo", Run: 1, Epoch: 1}
	_, found := cache.take(run, "one")
	require.False(t, found)

	cache.put(run, "one", reader)
	for _, other := range []RunRef{{Sync: "demo", Run: 2, Epoch: 2}, {Sync: "demo", Run: 1, Epoch: 2}, {Sync: "other", Run: 1, Epoch: 1}} {
		_, found = cache.take(other, "one")
		require.False(t, found, "another run gets no reader of this one")
	}
	taken, found := cache.take(run, "one")
	require.True(t, found)
	require.Same(t, reader, taken)
	_, found = cache.take(run, "one")
	require.False(t, found, "a reader has one user at a time")
	require.Zero(t, reader.closed)
}

func TestAReaderOfWhatARunReadBeforeIsClosed(t *testing.T) {
	t.Parallel()
	cache, reader := newReaderCache(), &countedReader{}
	run := RunRef{Sync: "demo", Run: 1, Epoch: 1}
	cache.put(run, "one", reader)
	_, found := cache.take(run, "two")
	require.False(t, found)
	require.Equal(t, 1, reader.closed)
	_, found = cache.take(run, "one")
	require.False(t, found, "a closed reader is of no use")
}

func TestOnlyTheReaderOfTheNewestRunIsKept(t *testing.T) {
	t.Parallel()
	cache := newReaderCache()
	first, second, late, other := &countedReader{}, &countedReader{}, &countedReader{}, &countedReader{}
	cache.put(RunRef{Sync: "other", Run: 7, Epoch: 7}, "one", other)
	cache.put(RunRef{Sync: "demo", Run: 1, Epoch: 1}, "one", first)
	cache.put(RunRef{Sync: "demo", Run: 2, Epoch: 2}, "one", second)
	require.Equal(t, 1, first.closed, "a newer run has opened its own")

	cache.put(RunRef{Sync: "demo", Run: 1, Epoch: 1}, "one", late)
	require.Equal(t, 1, late.closed, "a call of the older run came late")
	require.Zero(t, second.closed)

	again := &countedReader{}
	cache.put(RunRef{Sync: "demo", Run: 2, Epoch: 2}, "one", again)
	require.Equal(t, 1, second.closed, "two attempts of one call each had a reader")
	require.Zero(t, again.closed)
	require.Zero(t, other.closed, "syncs do not disturb each other")
}

func TestReadersAreClosedWhenTheyAreDroppedAndAtTheEnd(t *testing.T) {
	t.Parallel()
	cache, dropped, left := newReaderCache(), &countedReader{}, &countedReader{}
	run := RunRef{Sync: "demo", Run: 1, Epoch: 1}
	cache.put(run, "one", dropped)
	cache.drop(RunRef{Sync: "demo", Run: 2, Epoch: 2})
	require.Zero(t, dropped.closed)
	cache.drop(run)
	cache.drop(run)
	require.Equal(t, 1, dropped.closed)

	cache.put(run, "one", left)
	cache.closeAll()
	cache.closeAll()
	require.Equal(t, 1, left.closed)
	_, found := cache.take(run, "one")
	require.False(t, found)
}

func TestReadersAreClosedOnceHoweverManyCallsThereAre(t *testing.T) {
	t.Parallel()
	cache := newReaderCache()
	readers := make([]countedReader, 50)
	var calls sync.WaitGroup
	for i := range readers {
		calls.Go(func() {
			run := RunRef{Sync: "demo", Run: int64(i % 3), Epoch: int64(i % 3)}
			cache.put(run, "one", &readers[i])
			if reader, ok := cache.take(run, "one"); ok {
				cache.put(run, "one", reader)
			}
		})
	}
	calls.Wait()
	cache.closeAll()
	for i := range readers {
		require.Equal(t, 1, readers[i].closed)
	}
}
