package preflight_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
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
)

const spring = `
sync: spring
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
marker: {property: zeotap_audience_984, member: member}
verification: {none: true}
`

// look inspects a sync of the simulated workspace, which it has no problem with.
// change may change the connection.
func look(t *testing.T, options simulator.CharlesOptions, mapping string, change func(*config.HelloCharles)) *preflight.Findings {
	t.Helper()
	server := httptest.NewServer(simulator.New(simulator.Options{Charles: options}).CharlesHandler())
	t.Cleanup(server.Close)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "984.ndjson"), []byte(`{"phone":"+4915112345678"}`+"\n"), 0o600))
	export := config.DefaultZeotapExport()
	export.URL, export.Pattern, export.Format, export.Settle = folder, `^{audience}\.ndjson$`, config.FormatNDJSON, 0
	charles := config.DefaultHelloCharles()
	charles.BaseURL, charles.Credential, charles.SourceType = server.URL, "the key", "zeotap"
	charles.Limits = config.Limits{RequestsPerSecond: 10_000, RequestsInFlight: 4, MaxRetryAfter: config.Duration(time.Minute)}
	if change != nil {
		change(&charles)
	}
	book, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	pool := endpoints.New(endpoints.Options{
		Connections: config.Connections{
			ZeotapExport: map[string]config.ZeotapExport{"zeotap": export},
			HelloCharles: map[string]config.HelloCharles{"charles": charles},
		},
		Credential: func(context.Context, string) (string, error) { return simulator.DefaultKey, nil },
		Ledger:     book, Meter: noop.NewMeterProvider().Meter("test"),
	})
	spec, err := config.ParseSync("sync.yaml", []byte(spring+mapping))
	require.NoError(t, err)
	found, _, err := preflight.Look(t.Context(), pool, spec)
	require.NoError(t, err)
	require.Empty(t, found.Problems)
	return found
}

func TestWhatWasReadIsCountedSoThatItCanBeComparedWithTheApp(t *testing.T) {
	t.Parallel()
	var options simulator.CharlesOptions
	for i := range 1205 {
		options.Tags = append(options.Tags, simulator.Tag{ID: fmt.Sprint(i), Label: fmt.Sprintf("tag-%d", i), Object: "person", Active: i >= 3})
	}
	options.Tags = append(options.Tags, simulator.Tag{ID: "o", Label: "order", Object: "order", Active: true})
	options.Properties = []simulator.Property{
		simulator.PersonProperty("p1", "zeotap_audience_984", "string", "textinput"),
		simulator.PersonProperty("p2", "city", "string", "textinput"),
		simulator.PersonProperty("p3", "street", "string", "textinput"),
	}
	options.Properties[2].Active = false
	const properties = "active custom properties of persons in Hello Charles: 2"
	require.Equal(t, []string{"active tags of persons in Hello Charles: 1,202", properties}, look(t, options, "mapping: {tags: [tag-7]}", nil).Lists)
	require.Equal(t, []string{properties}, look(t, options, "", nil).Lists, "tags that nobody needs are not read")

	known := func(c *config.HelloCharles) {
		c.Read.Allowed, c.Read.KnownTags = new(false), []string{"tag-7"}
		c.Read.KnownProperties = []config.KnownProperty{{Name: "zeotap_audience_984"}}
	}
	require.Empty(t, look(t, options, "mapping: {tags: [tag-7]}", known).Lists, "the operator's lists were not read")
}

func TestWhatContactsMayBeSentWithoutIsNotedUnlessItIsKept(t *testing.T) {
	t.Parallel()
	const (
		some = "mapping: {first_name: first_name, tags: [zeotap], properties: {city: {type: string, from: city}, birthday: {type: date, from: b, empty: clear}}}"
		none = "mapping: {tags: [zeotap], properties: {birthday: {type: date, from: b, empty: clear}}}"
	)
	omitted := func(o config.Omitted) func(*config.HelloCharles) {
		return func(c *config.HelloCharles) { c.Omitted = o }
	}
	require.Empty(t, look(t, simulator.CharlesOptions{}, some, omitted(config.OmittedKeep)).Notes)
	for o, note := range map[config.Omitted]string{
		config.OmittedUnknown: `the connection's omitted is unknown: a contact that is sent without one of "first_name", "city" may lose what Hello Charles has there; ` +
			"find out with one contact and set it to keep or clear (docs/hello-charles.md, section 13, step 6)",
		config.OmittedClear: `the connection's omitted is clear: a contact that is sent without one of "first_name", "city" loses what Hello Charles has there ` +
			"(docs/mapping.md, What a contact is sent without)",
	} {
		require.Equal(t, []string{note}, look(t, simulator.CharlesOptions{}, some, omitted(o)).Notes)
		require.Empty(t, look(t, simulator.CharlesOptions{}, none, omitted(o)).Notes)
	}
}
