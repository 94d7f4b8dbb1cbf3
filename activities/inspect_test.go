package activities

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/vendorhttp"
)

// vendors are both simulators over HTTP, and activities that know them.
type vendors struct {
	*simulator.Simulator
	connections config.Connections
	activities  *Activities
}

// startVendors starts simulators of an audience of 1,200 members. change may
// change the connections before the activities see them.
func startVendors(t *testing.T, options simulator.Options, change func(*config.HelloCharles, *config.ZeotapAPI)) *vendors {
	t.Helper()
	options.Zeotap.Members = 1200
	s := simulator.New(options)
	zeotapServer, charlesServer := httptest.NewServer(s.ZeotapHandler()), httptest.NewServer(s.CharlesHandler())
	t.Cleanup(zeotapServer.Close)
	t.Cleanup(charlesServer.Close)
	limits := config.Limits{RequestsPerSecond: 10_000, RequestsInFlight: 4, MaxRetryAfter: config.Duration(time.Minute)}
	api, charles := config.DefaultZeotapAPI(), config.DefaultHelloCharles()
	api.BaseURL, api.Credential, api.Limits = zeotapServer.URL, "the key", limits
	charles.BaseURL, charles.Credential, charles.Limits, charles.SourceType = charlesServer.URL, "the key", limits, "zeotap"
	charles.Omitted = config.OmittedKeep
	if change != nil {
		change(&charles, &api)
	}
	v := &vendors{Simulator: s, connections: config.Connections{
		ZeotapAPI:    map[string]config.ZeotapAPI{"zeotap": api},
		HelloCharles: map[string]config.HelloCharles{"charles": charles},
	}}
	v.start(t, openLedger(t))
	return v
}

func (v *vendors) start(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	a, closeAll := New(Dependencies{
		Ledger: l, Connections: v.connections, Meter: noop.NewMeterProvider().Meter("test"),
		Credential: func(_ context.Context, reference string) (string, error) {
			return map[string]string{"the key": simulator.DefaultKey, "a wrong key": "wrong"}[reference], nil
		},
	})
	t.Cleanup(closeAll)
	v.activities = a
}

// spring is a sync that both simulators are ready for.
func spring() config.Sync {
	sync := config.DefaultSync()
	sync.Sync, sync.Source, sync.Destination = "spring", "zeotap", "charles"
	sync.Audience = config.AudienceID{ID: "984"}
	sync.Reference = config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164, DefaultRegion: "DE"}
	sync.Marker = config.Marker{Property: "zeotap_audience_984", Member: "member"}
	sync.Mapping.Tags = config.ConstantTags("zeotap", "vip")
	sync.Mapping.Properties = map[string]config.PropertySource{
		"city":           {Origin: config.Origin{From: "city"}, Type: config.PropertyString},
		"loyalty_points": {Origin: config.Origin{From: "loyalty_points"}, Type: config.PropertyNumber},
		"birthday":       {Origin: config.Origin{From: "birth_date"}, Type: config.PropertyDate},
	}
	sync.Verification.Segment = "seg-984"
	return sync
}

// inspect looks at a sync, and expects that every question was answered.
func (v *vendors) inspect(t *testing.T, sync config.Sync) *preflight.Findings {
	t.Helper()
	found, _, err := preflight.Look(t.Context(), v.activities.endpoints, sync)
	require.NoError(t, err)
	return found
}

const noTag = ` does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags`

const noProperty = ` does not exist in Hello Charles, which would ignore it silently: create it under Settings, or correct its technical name`

func TestASyncThatMayRunHasNoProblems(t *testing.T) {
	t.Parallel()
	found := startVendors(t, simulator.Options{}, nil).inspect(t, spring())
	require.Empty(t, found.Problems)
	require.Empty(t, found.Notes)
	require.Equal(t, audience.Audience{ID: "984", Name: "Spring campaign"}, found.Audience)
	require.NotNil(t, found.Size)
	require.Equal(t, int64(1200), found.Size.Value)
}

func TestOneLookShowsEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	sync := spring()
	sync.Mapping.Tags = config.ConstantTags("zeotap", "zeotob", "VIP", "quarterly")
	sync.Mapping.Properties["loyalty_point"] = sync.Mapping.Properties["loyalty_points"]
	delete(sync.Mapping.Properties, "loyalty_points")
	want := []string{
		`tag "zeotob"` + noTag + ` (did you mean "zeotap"?)`,
		`tag "VIP"` + noTag + ` (there is "vip": letter case counts)`,
		`tag "quarterly"` + noTag,
		`custom property "loyalty_point"` + noProperty + ` (did you mean "loyalty_points"?)`,
	}
	require.Equal(t, want, v.inspect(t, sync).Problems)
	require.Equal(t, want, v.inspect(t, sync).Problems, "asking again gives the same answer")
}

func TestWhatCannotBeSetIsAProblem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	for name, test := range map[string]struct {
		property string
		kind     config.PropertyType
		problem  string
	}{
		"read-only":           {"customer_tier", config.PropertyString, `custom property "customer_tier" is read-only, disabled or owned by another system in Hello Charles, so it cannot be set`},
		"disabled":            {"shoe_size", config.PropertyNumber, `custom property "shoe_size" is read-only, disabled or owned by another system in Hello Charles, so it cannot be set`},
		"of another system":   {"orders_count", config.PropertyNumber, `custom property "orders_count" is read-only, disabled or owned by another system in Hello Charles, so it cannot be set`},
		"not active":          {"favourite_shop", config.PropertyString, `custom property "favourite_shop"` + noProperty},
		"text for a number":   {"loyalty_points", config.PropertyString, `custom property "loyalty_points": its field is "numberinput" in Hello Charles, and type string in the mapping: write type: number`},
		"a date for a number": {"loyalty_points", config.PropertyDate, `custom property "loyalty_points": its field is "numberinput" in Hello Charles, and type date in the mapping: write type: number`},
		"a number for text":   {"city", config.PropertyNumber, `custom property "city": its field is "textinput" in Hello Charles, and type number in the mapping: write type: string`},
		"a number for a date": {"birthday", config.PropertyNumber, `custom property "birthday": its field is "date" in Hello Charles, and type number in the mapping: write type: date`},
		"another case":        {"City", config.PropertyString, `custom property "City"` + noProperty + ` (there is "city": letter case counts)`},
		"text for a date":     {"birthday", config.PropertyString, `custom property "birthday": its field is "date" in Hello Charles, and type string in the mapping: write type: date`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sync := spring()
			sync.Mapping.Properties = map[string]config.PropertySource{test.property: {Origin: config.Origin{From: "value"}, Type: test.kind}}
			problems := v.inspect(t, sync).Problems
			require.Equal(t, []string{test.problem}, problems)
		})
	}
}

func TestAMarkerThatDoesNotExistIsAProblem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	sync := spring()
	sync.Marker = config.Marker{Property: "zeotap_audience_985", Member: "member"}
	require.Equal(t, []string{`custom property "zeotap_audience_985"` + noProperty + ` (did you mean "zeotap_audience_984"?)`}, v.inspect(t, sync).Problems)
	sync.Marker = config.Marker{Tag: "dormant"}
	require.Equal(t, []string{`tag "dormant"` + noTag}, v.inspect(t, sync).Problems, "a tag that is not active cannot be given")
}

func TestTheSegmentIsLookedAtBeforeTheRun(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	sync := spring()
	sync.Verification.Segment = "seg-948"
	found := v.inspect(t, sync)
	require.Equal(t, []string{`segment "seg-948" does not exist in Hello Charles: correct verification.segment (the id stands in the address bar when the segment is open)`}, found.Problems)

	sync.Verification.Segment = ""
	found = v.inspect(t, sync)
	require.Empty(t, found.Problems)
	require.Equal(t, []string{"no verification.segment: the run will end as unverifiable"}, found.Notes)

	sync.Verification.None = true
	require.Empty(t, v.inspect(t, sync).Notes, "nobody asked for verification")
}

func TestACountThatCannotBeHadIsANote(t *testing.T) {
	t.Parallel()
	const note = "the segment cannot be counted, so the run will end as unverifiable: connection charles: counting segment seg-984: "
	found := startVendors(t, simulator.Options{Charles: simulator.CharlesOptions{NoCountHeader: true}}, nil).inspect(t, spring())
	require.Empty(t, found.Problems)
	require.Equal(t, []string{note + "the answer is not what the connection's settings say: the header X-Resource-Count is missing"}, found.Notes)

	found = startVendors(t, simulator.Options{}, func(charles *config.HelloCharles, _ *config.ZeotapAPI) {
		charles.Read.Allowed = new(false)
		charles.Read.KnownTags = []string{"zeotap", "vip"}
		charles.Read.KnownProperties = []config.KnownProperty{{Name: "zeotap_audience_984"}, {Name: "city"}, {Name: "loyalty_points"}, {Name: "birthday"}}
	}).inspect(t, spring())
	require.Empty(t, found.Problems, "the operator's lists stand for those that cannot be read")
	require.Equal(t, []string{note + "the credential lacks the permission for this call: this connection may not read (setting read.allowed)"}, found.Notes)
}

func TestAKeyThatIsNotAcceptedIsAProblem(t *testing.T) {
	t.Parallel()
	const remedy = "give one that may read as read.credential, or set read.allowed: false and list known_tags and known_properties"
	found := startVendors(t, simulator.Options{}, func(charles *config.HelloCharles, _ *config.ZeotapAPI) { charles.Credential = "a wrong key" }).inspect(t, spring())
	require.Equal(t, []string{
		"connection charles: listing tags: the credential is not accepted (status 401); check the key behind the connection's credential: " +
			"the API key is wrong, revoked or of another workspace, or it may not read: correct it (in an environment variable it counts once the worker was started again), " + remedy,
	}, found.Problems, "one wrong key is one problem")
	require.Empty(t, found.Notes)

	found = startVendors(t, simulator.Options{Charles: simulator.CharlesOptions{ReadsForbidden: true}}, nil).inspect(t, spring())
	cause := "the credential lacks the permission for this call (status 403): the key may not read; " + remedy
	require.Equal(t, []string{"connection charles: listing tags: " + cause, "connection charles: listing custom properties: " + cause}, found.Problems)
	require.Equal(t, []string{
		"the segment cannot be counted, so the run will end as unverifiable: connection charles: counting segment seg-984: " +
			"the credential lacks the permission for this call (status 403): the key may not count segments; " +
			"give one that may read as read.credential, because without a count no run can be proved",
	}, found.Notes)

	found = startVendors(t, simulator.Options{}, func(_ *config.HelloCharles, api *config.ZeotapAPI) { api.Credential = "a wrong key" }).inspect(t, spring())
	require.Equal(t, []string{"connection zeotap: asking for audience 984: the credential is not accepted (status 401); check the key behind the connection's credential"}, found.Problems)
}

func TestWhatTheSourceDoesNotKnowIsAProblem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	sync := spring()
	sync.Audience.ID = "77"
	require.Equal(t, []string{"connection zeotap: audience 77: the endpoint knows no such audience (status 404); check audience.id of the sync, and base_url and paths of the connection"},
		v.inspect(t, sync).Problems)

	sync = spring()
	sync.Source, sync.Mapping.Tags = "zeotab", config.ConstantTags("zeotob")
	require.Equal(t, []string{
		`source "zeotab" is not a known connection; did you mean "zeotap"? The worker's connections file has "zeotap"`,
		`tag "zeotob"` + noTag + ` (did you mean "zeotap"?)`,
	}, v.inspect(t, sync).Problems, "the other questions are asked all the same")

	sync = spring()
	sync.Destination = "charly"
	_, _, err := preflight.Look(t.Context(), v.activities.endpoints, sync)
	got, failed := tell(t, err, 1)
	require.Equal(t, told{kind: TypeOpenRefused, final: true}, got)
	require.Contains(t, failed.Message(), `destination "charly" is not a known connection`)
}

func TestAFolderWithoutFilesIsAProblem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	folder := t.TempDir()
	export := config.DefaultZeotapExport()
	export.URL, export.Pattern, export.Format = folder, `^{audience}\.ndjson$`, config.FormatNDJSON
	v.connections.ZeotapExport = map[string]config.ZeotapExport{"export": export}
	v.start(t, openLedger(t))
	sync := spring()
	sync.Source = "export"
	problems := v.inspect(t, sync).Problems
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "connection export: ")

	require.NoError(t, os.WriteFile(filepath.Join(folder, "984.ndjson"), []byte(`{"phone":"+4915112345678"}`+"\n"), 0o600))
	require.Empty(t, v.inspect(t, sync).Problems)
}

func TestWhatTheLedgerRefusesIsAProblem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	v.connections.HelloCharles["other"] = v.connections.HelloCharles["charles"]
	other := v.connections.HelloCharles["other"]
	other.SourceType = "crm"
	v.connections.HelloCharles["other"] = other
	_, looked, err := preflight.Look(t.Context(), v.activities.endpoints, spring())
	require.NoError(t, err)
	opening, err := looked.Opening()
	require.NoError(t, err)
	_, err = v.activities.ledger.OpenRun(t.Context(), opening)
	require.NoError(t, err)
	require.Empty(t, v.inspect(t, spring()).Problems)

	for problem, change := range map[string]func(*config.Sync){
		`sync spring: reference was "phone as e164" in earlier runs and is "mobile as digits" now`: func(s *config.Sync) {
			s.Reference.From, s.Reference.Normalise = "mobile", config.NormaliseDigits
		},
		`sync spring: workspace (base_url and source_type of the destination) was "`: func(s *config.Sync) { s.Destination = "other" },
	} {
		sync := spring()
		change(&sync)
		problems := v.inspect(t, sync).Problems
		require.Len(t, problems, 1)
		require.Contains(t, problems[0], problem)
		require.Contains(t, problems[0], "put it back if that is a slip, else give the changed sync a new name")
	}
}

func TestFaultsThatMayPassAreAskedAgain(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	for path, side := range map[string]faults.Side{
		"/v1/audiences": faults.Zeotap, "/api/v0/tags": faults.Charles, "/api/v0/custom_properties": faults.Charles, "/api/v1/contact_lists": faults.Charles,
	} {
		for kind, rule := range map[vendorhttp.Kind]faults.Rule{
			vendorhttp.Unavailable: {Do: faults.Status, Status: 502},
			vendorhttp.RateLimited: {Do: faults.Status, Status: 429, RetryAfter: faults.Duration(time.Second), RetryAfterForm: faults.RetryAfterNone},
		} {
			rule.Match = faults.Match{Side: side, Path: path, To: 1}
			if kind == vendorhttp.RateLimited {
				rule.Match.To = 9 // A request that was one too many is asked again in its next turns.
			}
			require.NoError(t, v.SetFaults(simulator.Faults{Rules: []faults.Rule{rule}}))
			_, _, err := preflight.Look(t.Context(), v.activities.endpoints, spring())
			var vendor *vendorhttp.Error
			require.ErrorAs(t, err, &vendor, path)
			require.Equal(t, kind, vendor.Kind, path)
			require.Empty(t, v.inspect(t, spring()).Problems, "the next attempt finds out")
		}
	}
}
