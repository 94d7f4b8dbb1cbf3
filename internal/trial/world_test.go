package trial_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/simulator"
	"audiencesync/internal/trial"
)

const contactsPath = "/api/v1beta/contacts"

// people is an audience with what a run would not send between those it would.
const people = `{"phone":"0151 12345601","first_name":"Ada","email":"ada@example.com","city":"Berlin","loyalty_points":"7","birth_date":"1990-01-31"}
{"first_name":"Bo"}
{"phone":"+49 151 12345601","first_name":"Ada again"}
{"phone":"0151 12345602","first_name":"Cem","country":"FR"}
{"phone":"0151 12345602","first_name":"Cem again"}
{"phone":"0151 12345603","first_name":"Dörte","email":"none"}
{"phone":"0151 12345604","first_name":"Emil","email":"emil@example.com"}
{"phone":"0151 12345605","first_name":"Fay","email":"fay@example.com"}
`

const (
	ada  = "+4915112345601"
	emil = "+4915112345604"
	fay  = "+4915112345605"
)

// world is both vendors and a ledger. Hello Charles is the simulator, over
// HTTP; the audience is a file.
type world struct {
	address string // of the ledger
	*simulator.Simulator
	pool *endpoints.Pool
	said []string

	mutex  sync.Mutex
	bodies [][]byte
}

// newWorld starts a world. change may change the connection.
func newWorld(t *testing.T, options simulator.CharlesOptions, change func(*config.HelloCharles)) *world {
	t.Helper()
	w := &world{Simulator: simulator.New(simulator.Options{Charles: options})}
	server := httptest.NewServer(w.recording(w.CharlesHandler()))
	t.Cleanup(server.Close)

	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "984.ndjson"), []byte(people), 0o600))
	export := config.DefaultZeotapExport()
	export.URL, export.Pattern, export.Format, export.Settle, export.PageSize = folder, `^{audience}\.ndjson$`, config.FormatNDJSON, 0, 3

	charles := config.DefaultHelloCharles()
	charles.BaseURL, charles.Credential, charles.SourceType = server.URL, "the key", "zeotap"
	charles.Limits = config.Limits{RequestsPerSecond: 10_000, RequestsInFlight: 4, MaxRetryAfter: config.Duration(time.Minute)}
	charles.Read.ContactPath = contactsPath + "/{reference}"
	if change != nil {
		change(&charles)
	}
	w.address = ledgertest.SQLite(t)
	book, err := ledger.Open(t.Context(), w.address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	w.pool = endpoints.New(endpoints.Options{
		Connections: config.Connections{
			ZeotapExport: map[string]config.ZeotapExport{"zeotap": export},
			HelloCharles: map[string]config.HelloCharles{"charles": charles},
		},
		Credential: func(context.Context, string) (string, error) { return simulator.DefaultKey, nil },
		Ledger:     book, Meter: noop.NewMeterProvider().Meter("test"),
	})
	return w
}

// recording remembers the bodies of contact calls.
func (w *world) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) > 0 {
			w.mutex.Lock()
			w.bodies = append(w.bodies, body)
			w.mutex.Unlock()
		}
		next.ServeHTTP(answer, r)
	})
}

// batches makes the connection send batches, as the simulator takes them.
func batches(c *config.HelloCharles) {
	c.Send = config.SendBatch
	c.Batch.Method, c.Batch.Path, c.Batch.Envelope, c.Batch.Reply = http.MethodPost, contactsPath+"/batch", "contacts", config.RepliesItems
}

const spring = `
sync: spring
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164, default_region: DE}
marker: {property: zeotap_audience_984, member: member}
filter: {field: country, is_not: FR}
mapping:
  first_name: first_name
  phone: phone
  email: email
  tags: [zeotap, vip]
  properties:
    city: {from: city, type: string}
    loyalty_points: {from: loyalty_points, type: number}
    birthday: {from: birth_date, type: date}
verification: {none: true}
`

// open opens a trial of the sync, edited by pairs of a text and what takes its
// place.
func (w *world) open(t *testing.T, edits ...string) *trial.Trial {
	t.Helper()
	spec, err := config.ParseSync("spring.yaml", []byte(strings.NewReplacer(edits...).Replace(spring)))
	require.NoError(t, err)
	opened, err := trial.Open(t.Context(), trial.Options{
		Pool: w.pool, Spec: spec, Say: func(text string) { w.said = append(w.said, text) }, ReadAgain: []time.Duration{0},
	})
	require.NoError(t, err)
	return opened
}

// ready opens a trial that may send.
func (w *world) ready(t *testing.T, edits ...string) *trial.Trial {
	t.Helper()
	opened := w.open(t, edits...)
	require.Empty(t, opened.Findings.Problems)
	return opened
}

// try sends so many members and reads them back.
func try(t *testing.T, opened *trial.Trial, limit int) []trial.Sent {
	t.Helper()
	chosen, err := opened.Choose(t.Context(), limit)
	require.NoError(t, err)
	sent, err := opened.Send(t.Context(), chosen.Candidates)
	require.NoError(t, err)
	require.NoError(t, opened.ReadBack(t.Context(), sent))
	return sent
}

// membership is what the ledger knows of a reference.
func (w *world) membership(t *testing.T, reference string) ledger.Membership {
	t.Helper()
	history, err := w.pool.Ledger.Outcomes(t.Context(), "spring", reference)
	require.NoError(t, err)
	return history.Membership
}
