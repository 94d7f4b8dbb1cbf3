package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// world is a running simulator and a client that has its keys.
type world struct {
	*simulator.Simulator
	t       testing.TB
	zeotap  string
	charles string
	header  http.Header
}

// start runs both vendors on loopback addresses.
func start(tb testing.TB, options simulator.Options) *world {
	tb.Helper()
	s := simulator.New(options)
	zeotap, charles := httptest.NewServer(s.ZeotapHandler()), httptest.NewServer(s.CharlesHandler())
	tb.Cleanup(zeotap.Close)
	tb.Cleanup(charles.Close)
	return &world{
		Simulator: s, t: tb, zeotap: zeotap.URL, charles: charles.URL,
		header: http.Header{"Apikey": {simulator.DefaultKey}, "X-Api-Key": {simulator.DefaultKey}, "Content-Type": {"application/json"}},
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// try sends one request and returns what came, complete or not.
func (w *world) try(method, url string, body any) reply {
	w.t.Helper()
	data, isBytes := body.([]byte)
	if !isBytes && body != nil {
		var err error
		data, err = json.Marshal(body)
		require.NoError(w.t, err)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, url, bytes.NewReader(data))
	require.NoError(w.t, err)
	request.Header = w.header.Clone()
	// Each request has its own connection: net/http repeats some on a reused one.
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, got, err}
}

// do sends one request, wants the status and reads the JSON of the reply.
func (w *world) do(method, url string, body any, status int, into any) reply {
	w.t.Helper()
	got := w.try(method, url, body)
	require.NoError(w.t, got.err)
	require.Equal(w.t, status, got.status, "%s", got.body)
	if into != nil {
		require.NoError(w.t, json.Unmarshal(got.body, into), "%s", got.body)
	}
	return got
}

const (
	single = "/api/v1beta/contacts"
	batch  = "/api/v1beta/contacts/batch"
	count  = "/api/v1/contact_lists/seg-984/preview"
)

type object = map[string]any

// contact is what a sync sends for a member.
func contact(reference string) object {
	return object{
		"external_reference_id": reference, "source_type": "zeotap", "first_name": "Zoë",
		"phone_numbers":     []object{{"type": "mobile", "value": "+4915112345678"}},
		"email_address":     []object{{"value": "zoe@example.com"}},
		"tags":              []string{"zeotap"},
		"custom_properties": object{"zeotap_audience_984": "member"},
	}
}

func contactsOf(references ...string) object {
	list := make([]object, len(references))
	for i, reference := range references {
		list[i] = contact(reference)
	}
	return object{"contacts": list}
}

func (w *world) counted() string {
	w.t.Helper()
	return w.do("HEAD", w.charles+count, nil, http.StatusOK, nil).header.Get("X-Resource-Count")
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func BenchmarkPagesOverHTTP(b *testing.B) {
	w := start(b, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 1_000_000}})
	var opened struct{ Snapshot string }
	w.do("POST", w.zeotap+"/v1/audiences/984/snapshots", nil, http.StatusCreated, &opened)
	for b.Loop() {
		w.do("GET", w.zeotap+"/v1/audiences/984/members?snapshot="+opened.Snapshot, nil, http.StatusOK, nil)
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "members/s")
}

func BenchmarkBatchesOverHTTP(b *testing.B) {
	w := start(b, simulator.Options{})
	n := 0
	for b.Loop() {
		b.StopTimer()
		references := make([]string, 1000)
		for i := range references {
			n++
			references[i] = fmt.Sprintf("+49151%08d", n)
		}
		body, err := json.Marshal(contactsOf(references...))
		require.NoError(b, err)
		b.StartTimer()
		w.do("POST", w.charles+batch, body, http.StatusOK, nil)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "contacts/s")
}
