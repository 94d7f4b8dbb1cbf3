package endtoend

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// gate stands in front of a vendor. Once told, it lets requests through and
// holds their replies back: the vendor has done what was asked, and nobody
// knows it yet.
type gate struct {
	address string

	mutex  sync.Mutex
	path   string
	passes int
	held   int
	opened chan struct{}
}

// newGate returns a gate before the vendor at target. It holds the replies to
// requests whose path ends like path, after the first so many.
func newGate(t *testing.T, target, path string, passes int) *gate {
	t.Helper()
	g := &gate{path: path, passes: passes, opened: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The vendor does what was asked, even when nobody waits for the answer.
		request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://"+target+r.URL.RequestURI(), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		maps.Copy(request.Header, r.Header)
		reply, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = reply.Body.Close() }()
		g.pass(r)
		maps.Copy(w.Header(), reply.Header)
		w.WriteHeader(reply.StatusCode)
		_, _ = io.Copy(w, reply.Body) // The worker may be gone.
	}))
	t.Cleanup(server.Close)
	t.Cleanup(g.open)
	g.address = strings.TrimPrefix(server.URL, "http://")
	return g
}

// pass returns when the reply may go on its way.
func (g *gate) pass(r *http.Request) {
	g.mutex.Lock()
	if !strings.HasSuffix(r.URL.Path, g.path) || g.passes > 0 {
		if strings.HasSuffix(r.URL.Path, g.path) {
			g.passes--
		}
		g.mutex.Unlock()
		return
	}
	g.held++
	g.mutex.Unlock()
	select {
	case <-g.opened:
	case <-r.Context().Done():
	}
}

// awaitHeld waits until so many replies are held back.
func (g *gate) awaitHeld(t *testing.T, replies int) {
	t.Helper()
	require.Eventually(t, func() bool {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		return g.held == replies
	}, runWithin, poll, "the gate should hold %d replies", replies)
}

// open lets all replies go, and all later ones.
func (g *gate) open() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	select {
	case <-g.opened:
	default:
		close(g.opened)
	}
}
