package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"audiencesync/test/endtoend/programs"
)

// call is a kind of request to a vendor.
type call string

const (
	pageCall    call = "page"
	contactCall call = "contacts"
	countCall   call = "count"
	otherCall   call = ""
)

func callOf(r *http.Request) call {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/members"):
		return pageCall
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/contacts/batch"):
		return contactCall
	case r.Method == http.MethodHead && strings.HasSuffix(path, "/preview"):
		return countCall
	default:
		return otherCall
	}
}

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
	kind call
	nth  int
	when when

	mutex    sync.Mutex
	met      int
	dropped  bool
	reached  chan struct{}
	released chan struct{}
}

func newTrap(kind call, nth int, when when) *trap {
	return &trap{kind: kind, nth: nth, when: when, reached: make(chan struct{}), released: make(chan struct{})}
}

// meet counts a request and returns its number; zero if it goes through.
func (t *trap) meet(kind call) int {
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

// front stands before a vendor and can be cut off.
type front struct {
	address string

	mutex  sync.Mutex
	server *http.Server
	vendor http.Handler
	trap   *trap
}

func newFront(ctx context.Context) (*front, error) {
	address, err := programs.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	f := &front{address: address}
	err = f.start(ctx)
	return f, err
}

// start listens, again after a cut.
func (f *front) start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.address)
	if err != nil {
		return err
	}
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	go func(server *http.Server) { _ = server.Serve(listener) }(f.server) // It ends when it is cut.
	return nil
}

// cut ends all connections, and listens no more.
func (f *front) cut() error { return f.server.Close() }

// stand puts it before another vendor, with a trap or none.
func (f *front) stand(vendor http.Handler, trap *trap) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.vendor, f.trap = vendor, trap
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	vendor, trap := f.vendor, f.trap
	f.mutex.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	number := trap.meet(callOf(r))
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
