package integration

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gate stands before a vendor and can hold requests back.
type gate struct {
	url  string
	next http.Handler

	mutex sync.Mutex
	held  *hold
	// here are the requests that are here now, most the most that were at once.
	here, most int
}

// hold keeps requests from the vendor until it is released.
type hold struct {
	method, path string
	left         int
	arrived      chan struct{}
	released     chan struct{}
	release      func()
}

// newGate serves the vendor.
func newGate(t *testing.T, vendor http.Handler) *gate {
	t.Helper()
	g := &gate{next: vendor}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		g.letGo()
		server.Close()
	})
	g.url = server.URL
	return g
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer g.enter()()
	if held := g.holds(r); held != nil {
		held.arrived <- struct{}{}
		select {
		case <-held.released:
		case <-r.Context().Done():
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// enter counts a request until it leaves.
func (g *gate) enter() (leave func()) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.here++
	g.most = max(g.most, g.here)
	return func() {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.here--
	}
}

// nowHere is how many requests are here.
func (g *gate) nowHere() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.here
}

// mostFromNow forgets how many requests were here before.
func (g *gate) mostFromNow() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.most = g.here
}

// mostAtOnce is the most requests that were here at once.
func (g *gate) mostAtOnce() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.most
}

func (g *gate) holds(r *http.Request) *hold {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	h := g.held
	if h == nil || r.Method != h.method || !strings.HasPrefix(r.URL.Path, h.path) {
		return nil
	}
	if h.left > 0 {
		h.left--
		return nil
	}
	return h
}

// hold holds all requests back whose path begins so, after the first few.
func (g *gate) hold(method, path string, after int) *hold {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	released := make(chan struct{})
	h := &hold{method: method, path: path, left: after, arrived: make(chan struct{}, 1000), released: released}
	h.release = sync.OnceFunc(func() {
		g.mutex.Lock()
		if g.held == h { // Else the next one holds already.
			g.held = nil
		}
		g.mutex.Unlock()
		close(released)
	})
	g.held = h
	return h
}

func (g *gate) letGo() {
	g.mutex.Lock()
	held := g.held
	g.mutex.Unlock()
	if held != nil {
		held.release()
	}
}

// await returns when n more requests are held back.
func (h *hold) await(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-h.arrived:
		case <-time.After(patience):
			require.FailNow(t, "no such request came", "%s %s", h.method, h.path)
		}
	}
}
