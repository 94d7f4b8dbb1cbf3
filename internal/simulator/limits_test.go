package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

const tags = "/api/v0/tags"

func limited(t *testing.T, limits simulator.Limits) (*world, *clock) {
	t.Helper()
	clock := newClock()
	return start(t, simulator.Options{Clock: clock.Now, Charles: simulator.CharlesOptions{
		Limits: limits, Keys: []simulator.APIKey{{Key: "other"}},
	}}), clock
}

func TestEachKeyHasItsRate(t *testing.T) {
	t.Parallel()
	w, clock := limited(t, simulator.Limits{PerSecond: 2, Burst: 3})
	get := func(status int) reply { return w.do("GET", w.charles+tags, nil, status, nil) }
	for range 3 {
		get(http.StatusOK)
	}
	got := get(http.StatusTooManyRequests)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	require.Contains(t, string(got.body), "rate_limited")
	w.header.Set("X-Api-Key", "other")
	get(http.StatusOK)
	w.header.Set("X-Api-Key", simulator.DefaultKey)
	clock.Advance(500 * time.Millisecond)
	get(http.StatusOK)
	get(http.StatusTooManyRequests)

	clock.Advance(time.Second)
	get(http.StatusOK)
	traffic := w.Stats().Traffic[faults.Charles]
	require.Equal(t, simulator.Traffic{Requests: 8, TooMany: 2, Seconds: 1.5, PeakPerSecond: 7}, traffic)
	require.InDelta(t, 0.25, traffic.TooManyShare(), 0)
	require.InDelta(t, 5/1.5, traffic.PerSecond(), 0.001)
	require.Zero(t, simulator.Traffic{}.TooManyShare()+simulator.Traffic{}.PerSecond())
	w.do("GET", w.zeotap+audience984, nil, http.StatusOK, nil)
}

func TestRequestsInsideAToldWaitAreCounted(t *testing.T) {
	t.Parallel()
	w, clock := limited(t, simulator.Limits{PerSecond: 1, Wait: 10 * time.Second})
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	w.do("GET", w.charles+tags, nil, http.StatusTooManyRequests, nil)
	require.Zero(t, w.Stats().RequestsInsideRetryAfter, "the one that was told was not inside")
	clock.Advance(9 * time.Second)
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	require.EqualValues(t, 1, w.Stats().RequestsInsideRetryAfter)
	w.header.Set("X-Api-Key", "other")
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	w.header.Set("X-Api-Key", simulator.DefaultKey)
	clock.Advance(time.Second)
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	require.EqualValues(t, 1, w.Stats().RequestsInsideRetryAfter)
	entries := w.journal()
	require.Equal(t, "10", entries[1].RetryAfter)
	require.True(t, entries[2].InsideRetryAfter)
	require.NotEqual(t, entries[2].Key, entries[3].Key)
}

func TestAWaitThatAFaultToldCountsToo(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{
		Clock: clock.Now, RetryAfterGrace: time.Second,
		Faults: simulator.Faults{Rules: []faults.Rule{{
			Match: faults.Match{Side: faults.Charles, To: 1}, Do: faults.Status, Status: 503,
			RetryAfter: faults.Duration(time.Minute), RetryAfterForm: faults.RetryAfterDate,
		}}},
	})
	w.do("GET", w.charles+tags, nil, 503, nil)
	clock.Advance(time.Second)
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	require.Zero(t, w.Stats().RequestsInsideRetryAfter, "it takes time to read a reply")
	clock.Advance(time.Second)
	w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
	require.EqualValues(t, 1, w.Stats().RequestsInsideRetryAfter)
}

// slowFlush is a reply after whose sending a server stands still for a while.
type slowFlush struct {
	*httptest.ResponseRecorder
	clock *clock
}

func (w slowFlush) Flush() { w.clock.Advance(time.Minute) }

func TestAWaitEndsAsManySecondsAfterItWasSentAsItSays(t *testing.T) {
	t.Parallel()
	w, clock := limited(t, simulator.Limits{PerSecond: 1, Wait: 90 * time.Second})
	ask := func() {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tags, nil)
		request.Header = w.header.Clone()
		w.CharlesHandler().ServeHTTP(slowFlush{httptest.NewRecorder(), clock}, request)
	}
	ask()
	ask() // Is told to wait; a minute is over when the simulator goes on.
	clock.Advance(30 * time.Second)
	ask()
	require.Equal(t, []string{"200", "429", "200"}, []string{w.Journal()[0].Status, w.Journal()[1].Status, w.Journal()[2].Status})
	require.Zero(t, w.Stats().RequestsInsideRetryAfter)
}

func TestAWaitCanBeToldInOddForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[faults.RetryAfterForm]string{
		faults.RetryAfterNone: "", faults.RetryAfterAbsurd: "31536000", faults.RetryAfterGarbage: "soon",
		faults.RetryAfterDate: "Sun, 01 Nov 2026 12:00:02 GMT",
	} {
		w, clock := limited(t, simulator.Limits{PerSecond: 1, RetryAfter: form})
		w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
		require.Equal(t, want, w.do("GET", w.charles+tags, nil, http.StatusTooManyRequests, nil).header.Get("Retry-After"))
		clock.Advance(time.Hour)
		w.do("GET", w.charles+tags, nil, http.StatusOK, nil)
		require.Zero(t, w.Stats().RequestsInsideRetryAfter, "nobody is expected to wait for a year")
	}
}

func TestRequestsOfAKeyAtOneTimeAreLimited(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Charles: simulator.CharlesOptions{Limits: simulator.Limits{InFlight: 1}},
		Faults: simulator.Faults{Rules: []faults.Rule{{
			Match: faults.Match{Side: faults.Charles, Method: "POST"}, Latency: faults.Duration(time.Minute),
		}}},
	})
	slow := make(chan struct{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.charles+batch, nil)
	require.NoError(t, err)
	request.Header = w.header.Clone()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	go func() {
		defer close(slow)
		for ctx.Err() == nil { // The other requests may be first, and then this one is the one too many.
			if response, err := http.DefaultClient.Do(request.WithContext(ctx)); err == nil {
				_ = response.Body.Close()
			}
		}
	}()
	require.Eventually(t, func() bool {
		return w.try("GET", w.charles+tags, nil).status == http.StatusTooManyRequests
	}, time.Minute, time.Millisecond)
	leave()
	<-slow
	require.Eventually(t, func() bool { return w.try("GET", w.charles+tags, nil).status == http.StatusOK }, time.Minute, time.Millisecond)
}
