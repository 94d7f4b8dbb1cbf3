package endtoend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// firstReplies stands in front of Hello Charles and lets nobody see the first reply to
// a batch: the contacts are taken, and whoever sent them can only be killed. When the
// batch is sent again, the reply is delivered.
type firstReplies struct {
	address string
	held    chan struct{}
	// delivered counts the replies to batches that were let through.
	delivered atomic.Int64

	mutex sync.Mutex
	seen  map[[sha256.Size]byte]bool
}

func holdFirstReplies(t *testing.T, target string) *firstReplies {
	t.Helper()
	f := &firstReplies{held: make(chan struct{}, 1000), seen: map[[sha256.Size]byte]bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://"+target+r.URL.RequestURI(), bytes.NewReader(body))
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
		if strings.HasSuffix(r.URL.Path, "/batch") {
			if f.isNew(body) {
				f.held <- struct{}{}
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			}
			f.delivered.Add(1)
		}
		maps.Copy(w.Header(), reply.Header)
		w.WriteHeader(reply.StatusCode)
		_, _ = io.Copy(w, reply.Body)
	}))
	t.Cleanup(server.Close)
	f.address = strings.TrimPrefix(server.URL, "http://")
	return f
}

func (f *firstReplies) isNew(body []byte) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	digest := sha256.Sum256(body)
	was := f.seen[digest]
	f.seen[digest] = true
	return !was
}

// await waits until one more reply is held back.
func (f *firstReplies) await(t *testing.T) {
	t.Helper()
	select {
	case <-f.held:
	case <-time.After(runWithin):
		require.FailNow(t, "no batch was sent")
	}
}
