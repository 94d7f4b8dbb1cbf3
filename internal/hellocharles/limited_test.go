package hellocharles_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// onePlace is a budget with one place in flight that writes down what happens.
type onePlace struct {
	place  chan struct{}
	mutex  sync.Mutex
	events []string
	// noPlace and unheard are the errors of Acquire and Refused.
	noPlace, unheard error
	// youngest is the least age of a request that was one too many.
	youngest time.Duration
}

func newOnePlace() *onePlace {
	return &onePlace{place: make(chan struct{}, 1), youngest: time.Hour}
}

func (b *onePlace) note(event string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.events = append(b.events, event)
}

func (b *onePlace) Acquire(ctx context.Context, before func(context.Context) error) (func(), error) {
	if b.noPlace != nil {
		return nil, b.noPlace
	}
	select {
	case b.place <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	b.note("acquired")
	release := func() {
		b.note("released")
		<-b.place
	}
	if before == nil {
		return release, nil
	}
	if err := before(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func (b *onePlace) Refused(_ context.Context, delay, age time.Duration) error {
	b.note("refused " + delay.String())
	b.youngest = min(b.youngest, age)
	return b.unheard
}

func (b *onePlace) serve(t *testing.T, handler http.HandlerFunc, change ...func(*config.HelloCharles)) hellocharles.API {
	t.Helper()
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b.note(r.Method)
		handler(w, r)
	}, change...)
	return hellocharles.Limited(w.api, b)
}

func TestEveryRequestTakesItsTurn(t *testing.T) {
	t.Parallel()
	calls := map[string]struct {
		call func(context.Context, hellocharles.API, func(context.Context) error) error
		want []string
	}{
		"batch": {func(ctx context.Context, api hellocharles.API, before func(context.Context) error) error {
			_, err := api.Upsert(ctx, contacts(2), before)
			return err
		}, []string{"acquired", "before", "POST", "released"}},
		"single": {func(ctx context.Context, api hellocharles.API, before func(context.Context) error) error {
			_, err := api.UpsertOne(ctx, contact("a"), before)
			return err
		}, []string{"acquired", "before", "PUT", "released"}},
		"tags": {func(ctx context.Context, api hellocharles.API, _ func(context.Context) error) error {
			_, err := api.Tags(ctx)
			return err
		}, []string{"acquired", "GET", "released"}},
		"properties": {func(ctx context.Context, api hellocharles.API, _ func(context.Context) error) error {
			_, err := api.Properties(ctx)
			return err
		}, []string{"acquired", "GET", "released"}},
		"segments": {func(ctx context.Context, api hellocharles.API, _ func(context.Context) error) error {
			_, err := api.Segments(ctx)
			return err
		}, []string{"acquired", "GET", "released"}},
		"count": {func(ctx context.Context, api hellocharles.API, _ func(context.Context) error) error {
			_, err := api.SegmentCount(ctx, "s")
			return err
		}, []string{"acquired", "HEAD", "released"}},
		"contact": {func(ctx context.Context, api hellocharles.API, _ func(context.Context) error) error {
			_, err := api.Contact(ctx, "a")
			if errors.Is(err, hellocharles.ErrNoContact) {
				return nil
			}
			return err
		}, []string{"acquired", "GET", "released"}},
	}
	for name, test := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budget := newOnePlace()
			api := budget.serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Resource-Count", "1")
				answer(200, `{"data":[]}`)(w, r)
			}, replying(config.RepliesNone), readable)
			before := func(context.Context) error {
				budget.note("before")
				return nil
			}
			require.NoError(t, test.call(t.Context(), api, before))
			require.NoError(t, test.call(t.Context(), api, before), "the place was given back")
			require.Equal(t, append(test.want, test.want...), budget.events)

			refused := newOnePlace()
			refused.noPlace = errors.New("come back later")
			api = refused.serve(t, answer(200, ""), readable)
			require.Equal(t, refused.noPlace, test.call(t.Context(), api, before))
			require.Empty(t, refused.events, "nothing was sent")
		})
	}
}

func TestPlaceIsGivenBackWhenBeforeFails(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	api := budget.serve(t, answer(200, ""))
	fenced := errors.New("another run took over")
	_, err := api.Upsert(t.Context(), contacts(1), func(context.Context) error { return fenced })
	require.Equal(t, fenced, err)
	require.Equal(t, []string{"acquired", "released"}, budget.events)
}

// later answers that there were too many requests, or that nothing works.
func later(status int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
	}
}

func TestARequestThatWasOneTooManyIsPassedOnBeforeThePlaceIsFree(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		want    []string
	}{
		"429":               {later(429, "7"), []string{"acquired", "HEAD", "refused 7s", "released"}},
		"429 too long":      {later(429, "999999"), []string{"acquired", "HEAD", "refused 15m0s", "released"}},
		"429 without delay": {later(429, ""), []string{"acquired", "HEAD", "refused 0s", "released"}},
		"429 not at all":    {later(429, "0"), []string{"acquired", "HEAD", "refused 0s", "released"}},
		"503":               {later(503, "7"), []string{"acquired", "HEAD", "refused 7s", "released"}},
		"503 without delay": {later(503, ""), []string{"acquired", "HEAD", "refused 0s", "released"}},
		"500":               {later(500, "7"), []string{"acquired", "HEAD", "released"}},
		"404":               {later(404, ""), []string{"acquired", "HEAD", "released"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budget := newOnePlace()
			_, err := budget.serve(t, test.handler).SegmentCount(t.Context(), "s")
			require.Error(t, err)
			// A read that was one too many is asked again, in turns like the first.
			require.Equal(t, test.want, budget.events[:len(test.want)])
		})
	}
}

func TestABudgetThatCannotBeToldIsPartOfTheError(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	budget.unheard = errors.New("the ledger is not there")
	_, err := budget.serve(t, later(429, "7")).UpsertOne(t.Context(), contact(plantedReference), nil)
	require.ErrorIs(t, err, budget.unheard)
	failed(t, err, vendorhttp.RateLimited)
	require.ErrorContains(t, err, "asked to wait 7s (status 429); this did not reach the workspace's budget")
	require.Equal(t, []string{"acquired", "PUT", "refused 7s", "released"}, budget.events)
}

func TestTheAgeOfARefusedRequestDoesNotCountItsWaitForAPlace(t *testing.T) {
	t.Parallel()
	const wait = 100 * time.Millisecond
	budget := newOnePlace()
	var left time.Time
	_, err := budget.serve(t, later(429, "")).Upsert(t.Context(), contacts(2), func(context.Context) error {
		<-time.After(wait)
		left = time.Now()
		return nil
	})
	require.Error(t, err)
	require.LessOrEqual(t, budget.youngest, time.Since(left))
	require.Positive(t, budget.youngest)
}

func TestATagLookupThatIsAlwaysRefusedIsPassedOnOnceForEachTry(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	_, err := budget.serve(t, later(429, "7"), byID).
		Upsert(t.Context(), []audience.Contact{{Reference: "a", Tags: []string{"VIP"}}}, nil)
	failed(t, err, vendorhttp.RateLimited)
	require.Equal(t, slices.Repeat([]string{"acquired", "GET", "refused 7s", "released"}, 9), budget.events, "nine tries, and nothing was sent")
}

func TestAPageThatIsOneRequestTooManyIsAskedAgainAndNotTheWholeList(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	asked := 0
	api := budget.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked%2 == 0 {
			later(429, "1")(w, r)
			return
		}
		pages(`{"data":[{"id":"t1","label":"VIP","object":"person"}]}`)(w, r)
	})
	tags, err := api.Tags(t.Context())
	require.NoError(t, err)
	require.Len(t, tags, 1)
	require.Equal(t, []string{"acquired", "GET", "released", "acquired", "GET", "refused 1s", "released", "acquired", "GET", "released"}, budget.events)
}

func TestATagLookupInsideAnUpsertTakesTurnsOfItsOwn(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	api := budget.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			pages(`{"data":[{"id":"t1","label":"VIP","object":"person"}]}`)(w, r)
		}
	}, byID)
	_, err := api.Upsert(t.Context(), []audience.Contact{{Reference: "a", Tags: []string{"VIP"}}}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"acquired", "GET", "released", "acquired", "GET", "released", "acquired", "POST", "released"}, budget.events)
}
