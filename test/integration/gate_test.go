package integration

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp/tlstest"
)

// gate stands before a vendor and can hold requests back.
type gate struct {
	url  string
	next http.Handler

	mutex   sync.Mutex
	held    *hold
	answers []answer
	// here are the requests that are here now, most the most that were at once.
	here, most int
}

// answer is what the gate says itself, in place of the vendor.
type answer struct {
	method, path string
	status       int
	// body is what is said; empty repeats the body of the request.
	body string
}

// hold keeps requests from the vendor until it is released.
type hold struct {
	method, path string
	left         int
	arrived      chan struct{}
	released     chan struct{}
	release      func()
}

// newGate serves the vendor, over mutual TLS if there is an authority.
func newGate(t *testing.T, vendor http.Handler, mutual *tlstest.Authority) *gate {
	t.Helper()
	g := &gate{next: vendor}
	var server *httptest.Server
	if mutual == nil {
		server = httptest.NewServer(g)
	} else {
		server = tlstest.Serve(t, mutual.Issue(t), g, mutual.Asking)
	}
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
	if said := g.says(r); said != nil {
		said.tell(w, r)
		return
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

// says is the next answer of the gate, if it is for this request.
func (g *gate) says(r *http.Request) *answer {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if len(g.answers) == 0 || r.Method != g.answers[0].method || !strings.HasPrefix(r.URL.Path, g.answers[0].path) {
		return nil
	}
	next := g.answers[0]
	g.answers = g.answers[1:]
	return &next
}

// tell answers, with headers and a body that say what the request said.
func (a *answer) tell(w http.ResponseWriter, r *http.Request) {
	asked, _ := io.ReadAll(r.Body)
	body := cmp.Or(a.body, string(asked))
	w.Header().Set("Location", "https://elsewhere.example/?echo="+url.QueryEscape(body[:min(len(body), 2000)]))
	w.Header().Set("X-Echo", r.Header.Get("X-Api-Key")+r.Header.Get("Apikey"))
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, body)
}

// answer lets the gate give the next answers to such requests itself.
func (g *gate) answer(method, path, body string, statuses ...int) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, status := range statuses {
		g.answers = append(g.answers, answer{method, path, status, body})
	}
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

// forget drops the answers that nobody has asked for.
func (g *gate) forget() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.answers = nil
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
