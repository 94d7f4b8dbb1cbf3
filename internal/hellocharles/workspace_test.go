package hellocharles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// Values of an invented contact that must never appear in an error.
const (
	plantedReference = "+4915112345678"
	plantedName      = "Quintessa"
	plantedEmail     = "quintessa@example.com"
	plantedProperty  = "gold-card-77"
	apiKey           = "key-of-acme"
	readKey          = "key-for-reads"
)

// exchange is one request that reached a workspace.
type exchange struct {
	Method, Path, Query, Key, Authorization, ContentType, Body string
}

// workspace is a Hello Charles workspace behind real HTTP, with the requests
// that reached it.
type workspace struct {
	api      hellocharles.API
	mutex    sync.Mutex
	received []exchange
	// opened is the number of connections that were made.
	opened atomic.Int32
}

func (w *workspace) requests() []exchange {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return append([]exchange(nil), w.received...)
}

// serve starts a workspace whose requests handler answers. change adapts the
// settings, which are the defaults with the batch shape of the tests.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*config.HelloCharles)) *workspace {
	t.Helper()
	w := &workspace{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(reply http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mutex.Lock()
		w.received = append(w.received, exchange{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Key: r.Header.Get("X-Api-Key"),
			Authorization: r.Header.Get("Authorization"), ContentType: r.Header.Get("Content-Type"), Body: string(body),
		})
		w.mutex.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		handler(reply, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			w.opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	settings := settingsFor(server.URL)
	for _, apply := range change {
		apply(&settings)
	}
	var err error
	w.api, err = hellocharles.New("acme", settings, credential(apiKey))
	require.NoError(t, err)
	return w
}

func settingsFor(address string) config.HelloCharles {
	settings := config.DefaultHelloCharles()
	settings.BaseURL = address
	settings.SourceType = "zeotap"
	settings.Credential = "env:KEY"
	settings.Timeout = config.Duration(10 * time.Second)
	settings.Send = config.SendBatch
	settings.Batch.Method = http.MethodPost
	settings.Batch.Path = "/api/v1beta/contacts/batch"
	settings.Batch.Envelope = "contacts"
	settings.Batch.Reply = config.RepliesItems
	return settings
}

func replying(form config.ReplyForm) func(*config.HelloCharles) {
	return func(s *config.HelloCharles) { s.Batch.Reply = form }
}

func credential(value string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return value, nil }
}

// answer replies to every request with one status and JSON body.
func answer(status int, body string) http.HandlerFunc {
	return answerAs(status, "application/json", body)
}

func answerAs(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cutAfter promises a longer body than it sends.
func cutAfter(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n%s", body)
		_ = connection.Close()
	}
}

func contact(reference string) audience.Contact {
	return audience.Contact{
		Reference: reference, FirstName: plantedName, Phone: plantedReference, Email: plantedEmail,
		Properties: []audience.Property{{Name: "card", Value: plantedProperty}},
	}
}

// contacts returns n contacts; the first has the planted reference, the others
// r1, r2 and so on.
func contacts(n int) []audience.Contact {
	list := make([]audience.Contact, n)
	for i := range list {
		list[i] = contact(fmt.Sprintf("r%d", i))
	}
	list[0].Reference = plantedReference
	return list
}

// failed checks that an error is a failed request of a kind that shows nothing
// of a contact and no credential.
func failed(t *testing.T, err error, kind vendorhttp.Kind) {
	t.Helper()
	var failure *vendorhttp.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Kind, err.Error())
	require.Contains(t, err.Error(), "connection acme: ")
	for _, planted := range []string{
		plantedReference, plantedReference[1:], plantedName, plantedEmail, plantedProperty, apiKey, readKey,
	} {
		require.NotContains(t, err.Error(), planted)
	}
}

func outcomes(results []hellocharles.Result) []audience.Outcome {
	list := make([]audience.Outcome, len(results))
	for i, result := range results {
		list[i] = result.Outcome
	}
	return list
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}
