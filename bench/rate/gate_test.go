package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// start is when the tests begin.
var start = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

// at lets a request come so long after the start and returns its fate.
func (g *gate) at(after time.Duration) string {
	fate, _ := g.admit(arrival{at: start.Add(after)})
	return fate
}

func TestTheGateLetsNoMoreThanTheLimitPass(t *testing.T) {
	t.Parallel()
	g := newGate(nil, 2, 0)
	require.Equal(t, passed, g.at(0))
	require.Equal(t, passed, g.at(0), "the bucket holds two")
	require.Equal(t, tooMany, g.at(99*time.Millisecond))
	require.Equal(t, passed, g.at(100*time.Millisecond))
	require.Equal(t, tooMany, g.at(199*time.Millisecond))
	require.Equal(t, passed, g.at(time.Hour))
	require.Equal(t, passed, g.at(time.Hour))
	require.Equal(t, tooMany, g.at(time.Hour))
}

func TestTheGateTellsRequestsInsideAToldDelayFromThoseOnTheirWay(t *testing.T) {
	t.Parallel()
	g := newGate(nil, 1, 50*time.Millisecond)
	g.hold(2 * time.Second)
	require.Equal(t, held, g.at(0))
	require.Equal(t, onTheWay, g.at(49*time.Millisecond))
	require.Equal(t, inside, g.at(51*time.Millisecond))
	require.Equal(t, inside, g.at(1999*time.Millisecond))
	require.Equal(t, passed, g.at(2*time.Second))
	require.Equal(t, tooMany, g.at(2*time.Second), "one told delay holds one request")
}

func TestTheGateKnowsWhoSends(t *testing.T) {
	t.Parallel()
	var path, key string
	behind := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		path, key = r.URL.Path, r.Header.Get("X-Api-Key")
	})
	g := newGate(behind, 10, 0)
	send := func(target string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, http.NoBody)
		request.Header.Set("X-Api-Key", "worker-1")
		reply := httptest.NewRecorder()
		g.ServeHTTP(reply, request)
		return reply
	}
	require.Equal(t, http.StatusOK, send("/sync-2/api/contacts").Code)
	require.Equal(t, "/api/contacts", path)
	require.Equal(t, simulator.DefaultKey, key)
	require.Equal(t, http.StatusOK, send("/api/tags").Code)
	require.Equal(t, "/api/tags", path)
	g.hold(3 * time.Second)
	refused := send("/sync-2/api/contacts")
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, "3", refused.Header().Get("Retry-After"))
	all := g.between(time.Time{}, time.Now())
	require.Len(t, all, 3)
	require.Equal(t, "2", all[0].sync)
	require.Equal(t, "worker-1", all[0].worker)
	require.Empty(t, all[1].sync)
}
