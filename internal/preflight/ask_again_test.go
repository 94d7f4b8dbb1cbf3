package preflight_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// lookAt inspects a sync with pages over HTTP and a segment in which somebody is, while
// the first answers make no sense.
func lookAt(t *testing.T, answers int64) *preflight.Findings {
	t.Helper()
	html := func(path string) faults.Rule {
		return faults.Rule{Match: faults.Match{Path: path, To: answers}, Do: faults.HTML, Status: http.StatusOK}
	}
	vendors := simulator.New(simulator.Options{Faults: simulator.Faults{Rules: []faults.Rule{
		html("/v1/audiences/984"), html("/api/v1/contact_lists/seg-984/preview"),
	}}})
	vendors.AddContacts(contacts.Contact{FirstName: "Ada", Properties: map[string]json.RawMessage{"zeotap_audience_984": json.RawMessage(`"member"`)}})
	source, destination := httptest.NewServer(vendors.ZeotapHandler()), httptest.NewServer(vendors.CharlesHandler())
	t.Cleanup(source.Close)
	t.Cleanup(destination.Close)
	zeotap, charles := config.DefaultZeotapAPI(), config.DefaultHelloCharles()
	zeotap.BaseURL, zeotap.Credential = source.URL, "the key"
	charles.BaseURL, charles.Credential, charles.SourceType = destination.URL, "the key", "zeotap"
	charles.Limits = config.Limits{RequestsPerSecond: 1000, RequestsInFlight: 4, MaxRetryAfter: config.Duration(time.Minute)}
	book, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	pool := endpoints.New(endpoints.Options{
		Connections: config.Connections{
			ZeotapAPI:    map[string]config.ZeotapAPI{"zeotap": zeotap},
			HelloCharles: map[string]config.HelloCharles{"charles": charles},
		},
		Credential: func(context.Context, string) (string, error) { return simulator.DefaultKey, nil },
		Ledger:     book, Meter: noop.NewMeterProvider().Meter("test"),
	})
	spec, err := config.ParseSync("sync.yaml", []byte(spring))
	require.NoError(t, err)
	spec.Verification.None, spec.Verification.Segment = false, "seg-984"
	found, _, err := preflight.Look(t.Context(), pool, spec)
	require.NoError(t, err)
	return found
}

func TestAnAnswerThatMakesNoSenseSettlesNothingUntilItComesAgain(t *testing.T) {
	t.Parallel()
	found := lookAt(t, 2)
	require.Empty(t, found.Problems)
	require.Equal(t, "Spring campaign", found.Audience.Name)
	require.NotEmpty(t, found.Beginning, "who was in the segment before the first run is not overlooked")
}

func TestAnAnswerThatNeverMakesSenseIsAProblem(t *testing.T) {
	t.Parallel()
	found := lookAt(t, 3)
	require.Len(t, found.Problems, 1)
	require.Contains(t, found.Problems[0], "the answer is not valid JSON")
}
