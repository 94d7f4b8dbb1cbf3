package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"

	"audiencesync/test/site"
)

// when a trap stops a request.
type when int

const (
	// before the vendor has seen it.
	before when = iota
	// after the vendor has done what was asked, before the answer leaves.
	after
	// refuse is to refuse the nth batch as a whole, so that it is split, and to stop
	// those that come then before the vendor has seen them.
	refuse
)

// trap stops the nth request of a kind and all later ones until it is released.
type trap struct {
	kind site.Call
	nth  int
	when when

	mutex    sync.Mutex
	met      int
	dropped  bool
	reached  chan struct{}
	released chan struct{}
}

func newTrap(kind site.Call, nth int, when when) *trap {
	return &trap{kind: kind, nth: nth, when: when, reached: make(chan struct{}), released: make(chan struct{})}
}

// meet counts a request and returns its number; zero if it goes through.
func (t *trap) meet(kind site.Call) int {
	if t == nil || kind != t.kind {
		return 0
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	select {
	case <-t.released:
		return 0
	default:
	}
	t.met++
	if t.met < t.nth {
		return 0
	}
	return t.met
}

func (t *trap) reach() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	select {
	case <-t.reached:
	default:
		close(t.reached)
	}
}

// hold returns when the request may go on; it ends the handler of one that may not.
func (t *trap) hold(ctx context.Context) {
	t.reach()
	select {
	case <-t.released:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.dropped {
		panic(http.ErrAbortHandler)
	}
}

// release lets all go on, or drops them, as if they had never left.
func (t *trap) release(drop bool) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.dropped = drop
	select {
	case <-t.released:
	default:
		close(t.released)
	}
}

// trapped is a vendor before which a trap stands, or none.
type trapped struct {
	vendor http.Handler
	trap   *trap
}

// ServeHTTP implements http.Handler.
func (t *trapped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	vendor, trap := t.vendor, t.trap
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	number := trap.meet(site.CallOf(r))
	switch {
	case number == 0:
	case trap.when == refuse && number == trap.nth:
		defer trap.reach()
		http.Error(w, `{"error": {"code": "invalid_request"}}`, http.StatusBadRequest)
		return
	case trap.when != after:
		trap.hold(r.Context())
	}
	// The vendor does what was asked, even when nobody waits for the answer.
	asked := r.Clone(context.WithoutCancel(r.Context()))
	asked.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	vendor.ServeHTTP(answer, asked)
	if number > 0 && trap.when == after {
		trap.hold(r.Context())
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // Nobody may be left to read it.
}
