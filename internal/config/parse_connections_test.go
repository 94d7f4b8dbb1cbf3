package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

const minimalConnections = `connections:
  pages:
    kind: zeotap-api
    base_url: https://cdp.example.com
  drops:
    kind: zeotap-export
    url: drops
    pattern: ^{audience}/.*$
    format: csv
  charles:
    kind: hello-charles
    base_url: acme
    source_type: zeotap
    credential: env:KEY
`

func TestMinimalConnectionsHaveTheDefaults(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("connections.yaml", []byte(minimalConnections))
	require.NoError(t, err)

	pages := config.DefaultZeotapAPI()
	pages.BaseURL = "https://cdp.example.com"
	require.Equal(t, map[string]config.ZeotapAPI{"pages": pages}, connections.ZeotapAPI)

	drops := config.DefaultZeotapExport()
	drops.URL, drops.Pattern, drops.Format = "drops", "^{audience}/.*$", config.FormatCSV
	require.Equal(t, map[string]config.ZeotapExport{"drops": drops}, connections.ZeotapExport)

	charles := config.DefaultHelloCharles()
	charles.BaseURL = "https://acme.hello-charles.com"
	charles.SourceType, charles.Credential = "zeotap", "env:KEY"
	charles.Limits.RequestsPerSecond = 5
	require.Equal(t, map[string]config.HelloCharles{"charles": charles}, connections.HelloCharles)
}

func TestTheDefaultsAreThoseOfTheDocumentedAPIs(t *testing.T) {
	t.Parallel()
	charles := config.DefaultHelloCharles()
	require.Equal(t, config.SingleContacts{Method: "PUT", Path: "/api/v1beta/contacts"}, charles.Single)
	require.Equal(t, 15*time.Minute, charles.Limits.MaxRetryAfter.D())
	require.Equal(t, 50, charles.BatchSize())
	require.True(t, charles.Read.ReadsAllowed())
	require.Empty(t, charles.Batch.Path, "the path of the Batched Contacts API is not public")
	require.Equal(t, 10*time.Minute, config.DefaultZeotapExport().Settle.D())
	require.Equal(t, "/v1/audiences/{audience}/members", config.DefaultZeotapAPI().Paths.Members)
}

func TestTheRequestRateDependsOnHowContactsAreSent(t *testing.T) {
	t.Parallel()
	for settings, rate := range map[string]float64{
		"":                                      5,
		"    limits: {requests_in_flight: 3}\n": 5,
		"    send: batch\n    batch: {method: POST, path: /batch, envelope: array, reply: none}\n":                                       2,
		"    limits: {requests_per_second: 0.5}\n":                                                                                       0.5,
		"    limits: {requests_per_second: 7}\n    send: batch\n    batch: {method: PUT, path: /b, envelope: contacts, reply: counts}\n": 7,
	} {
		connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections+settings))
		require.NoError(t, err)
		require.InDelta(t, rate, connections.HelloCharles["charles"].Limits.RequestsPerSecond, 0, settings)
	}
}

// The base URL is part of the key of the ledger: two spellings of one host must
// not become two workspaces.
func TestABaseURLHasOneSpelling(t *testing.T) {
	t.Parallel()
	for written, expected := range map[string]string{
		"acme":                                  "https://acme.hello-charles.com",
		"ACME-2":                                "https://acme-2.hello-charles.com",
		"https://Acme.Hello-Charles.com/":       "https://acme.hello-charles.com",
		"https://acme.hello-charles.com:443":    "https://acme.hello-charles.com",
		"https://gateway.example.com/charles//": "https://gateway.example.com/charles",
		"http://localhost:80":                   "http://localhost",
		"http://127.0.0.1:7402":                 "http://127.0.0.1:7402",
		`"http://[::1]:7402/"`:                  "http://[::1]:7402",
	} {
		file := strings.Replace(minimalConnections, "base_url: acme", "base_url: "+written, 1)
		connections, err := config.ParseConnections("c.yaml", []byte(file))
		require.NoError(t, err, written)
		require.Equal(t, expected, connections.HelloCharles["charles"].BaseURL)
	}
}

func TestPlainHTTPToAnotherHostNeedsPermission(t *testing.T) {
	t.Parallel()
	file := strings.Replace(minimalConnections, "base_url: acme", "base_url: http://simulator:7402", 1)
	require.EqualError(t, connectionsError("c.yaml", []byte(file)),
		"c.yaml:12:15: connections.charles.base_url: plain http shows the credential to everyone on the way: write https://, or set allow_plain_http: true")

	_, err := config.ParseConnections("c.yaml", []byte(file+"    allow_plain_http: true\n"))
	require.NoError(t, err)
}

func TestFoldersStartAtTheConnectionsFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := write(t, folder, "connections.yaml", minimalConnections+`  absolute: {kind: zeotap-export, url: /data/zeotap, pattern: x, format: json}
  url: {kind: zeotap-export, url: "file:///data/zeotap", pattern: x, format: json}
  bucket: {kind: zeotap-export, url: "s3://bucket/prefix?region=eu-central-1", pattern: x, format: json}
`)

	connections, err := config.LoadConnections(path)

	require.NoError(t, err)
	require.Equal(t, filepath.Join(folder, "drops"), connections.ZeotapExport["drops"].URL)
	require.Equal(t, "/data/zeotap", connections.ZeotapExport["absolute"].URL)
	require.Equal(t, "file:///data/zeotap", connections.ZeotapExport["url"].URL)
	require.Equal(t, "s3://bucket/prefix?region=eu-central-1", connections.ZeotapExport["bucket"].URL)
}

// Each case changes one line of good connections; the problem is the whole error.
func TestConnectionsAreRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	const (
		closedBeta = "missing with send: batch; the Batched Contacts API is a closed beta and its path and shapes are not public: " +
			"ask your Hello Charles success manager for them, or write send: single"
		reference = "expected where the credential is, never the credential itself: env:NAME (an environment variable of the worker) " +
			"or file:PATH (relative to the connections file)"
		name = "expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit"
	)
	for title, c := range map[string]struct{ replace, with, problem string }{
		"nothing":               {minimalConnections, "connections:\n", "1:1: connections: expected at least one connection: a name, and its kind and settings below it"},
		"none":                  {minimalConnections, "connections: {}\n", "1:14: connections: expected at least one connection: a name, and its kind and settings below it"},
		"a list":                {minimalConnections, "connections: [a]\n", "1:14: connections: expected at least one connection: a name, and its kind and settings below it"},
		"other key":             {"connections:", "x: 1\nconnections:", `1:1: x: unknown key; expected "connections" and the names of connections below it`},
		"name":                  {"pages:", "Zeotap Pages:", `2:3: connections."Zeotap Pages": ` + name},
		"name twice":            {"drops:", "pages:", "5:3: connections.pages: the key is written twice, first on line 2; delete one"},
		"no settings":           {"connections:", "connections:\n  empty:", "2:3: connections.empty: expected a kind and settings below the name, found nothing"},
		"no kind":               {"    kind: zeotap-api\n", "", `2:3: connections.pages.kind: missing; expected one of "zeotap-api", "zeotap-export", "hello-charles", "webhook"`},
		"wrong kind":            {"kind: zeotap-api", "kind: zeotap_api2", `3:11: connections.pages.kind: expected one of "zeotap-api", "zeotap-export", "hello-charles", "webhook"; did you mean "zeotap-api"?`},
		"key of another kind":   {"url: drops", "url: drops\n    base_url: x", "8:5: connections.drops.base_url: unknown key; this connection is of kind zeotap-export, the key belongs to zeotap-api and hello-charles"},
		"key elsewhere":         {"base_url: acme", "base_url: acme\n    reply: items", `13:5: connections.charles.reply: unknown key; did you mean "batch.reply"?`},
		"key one level up":      {"base_url: acme", "base_url: acme\n    batch: {send: x}", "13:13: connections.charles.batch.send: unknown key; it belongs directly below the name of the connection"},
		"no base url":           {"    base_url: acme\n", "", "10:3: connections.charles.base_url: missing; expected text"},
		"no address":            {"https://cdp.example.com", "cdp", "4:15: connections.pages.base_url: expected an address such as https://host.example"},
		"other scheme":          {"https://cdp.example.com", "ftp://cdp.example.com", "4:15: connections.pages.base_url: expected an address that starts with https://"},
		"port":                  {"https://cdp.example.com", "https://cdp.example.com:99999", "4:15: connections.pages.base_url: expected an address such as https://host.example"},
		"user in the address":   {"https://cdp.example.com", "https://hunter2@cdp.example.com", "4:15: connections.pages.base_url: must not hold a user or password; write them as credential: env:NAME or file:PATH, and delete them here"},
		"query":                 {"https://cdp.example.com", "https://cdp.example.com/?key=hunter2", `4:15: connections.pages.base_url: must end before "?" and "#"; delete the rest`},
		"fragment":              {"https://cdp.example.com", "'https://cdp.example.com/#'", `4:15: connections.pages.base_url: must end before "?" and "#"; delete the rest`},
		"literal credential":    {"env:KEY", "hunter2", "14:17: connections.charles.credential: " + reference},
		"number as credential":  {"env:KEY", "4711", "14:17: connections.charles.credential: " + reference},
		"literal after env":     {"env:KEY", "env:hunter-2", "14:17: connections.charles.credential: " + reference},
		"no file":               {"env:KEY", "'file:'", "14:17: connections.charles.credential: " + reference},
		"credential as keys":    {"env:KEY", "{env: KEY}", "14:17: connections.charles.credential: " + reference},
		"credential missing":    {"    credential: env:KEY\n", "", "10:3: connections.charles.credential: missing; expected env:NAME or file:PATH"},
		"credential empty":      {"credential: env:KEY", "credential:", "14:5: connections.charles.credential: has no value; give one or delete the key; expected env:NAME or file:PATH"},
		"credential misspelled": {"credential: env:KEY", "credential: env:KEY\n    credentials: hunter2", `15:5: connections.charles.credentials: unknown key; did you mean "credential"?`},
		"other credential key":  {"base_url: acme", "base_url: acme\n    api_key: hunter2", "13:5: connections.charles.api_key: unknown key; write where the credential is, never the credential itself: credential: env:NAME or credential: file:PATH"},
		"header":                {"https://cdp.example.com", "https://cdp.example.com\n    credential_header: 'api key'", "5:24: connections.pages.credential_header: expected the name of an HTTP header: letters, digits, dashes and underscores"},
		"rate of zero":          {"base_url: acme", "base_url: acme\n    limits: {requests_per_second: 0}", "13:35: connections.charles.limits.requests_per_second: expected a number above 0 to 10000"},
		"rate in words":         {"base_url: acme", "base_url: acme\n    limits: {requests_per_second: 2/s}", "13:35: connections.charles.limits.requests_per_second: expected a number above 0 to 10000"},
		"rate without end":      {"base_url: acme", "base_url: acme\n    limits: {requests_per_second: .inf}", "13:35: connections.charles.limits.requests_per_second: expected a number above 0 to 10000"},
		"none in flight":        {"base_url: acme", "base_url: acme\n    limits: {requests_in_flight: 0}", "13:34: connections.charles.limits.requests_in_flight: expected a whole number from 1 to 1000"},
		"no timeout":            {"base_url: acme", "base_url: acme\n    timeout: 0s", "13:14: connections.charles.timeout: expected a duration above zero"},
		"page size":             {"https://cdp.example.com", "https://cdp.example.com\n    page_size: ten", "5:16: connections.pages.page_size: expected a whole number from 1 to 100000"},
		"relative path":         {"https://cdp.example.com", "https://cdp.example.com\n    paths: {members: 'v1/{audience}'}", `5:22: connections.pages.paths.members: expected a path that starts with one "/"`},
		"path of another host":  {"https://cdp.example.com", "https://cdp.example.com\n    paths: {members: '//evil.example/{audience}'}", `5:22: connections.pages.paths.members: expected a path that starts with one "/"`},
		"path with query":       {"https://cdp.example.com", "https://cdp.example.com\n    paths: {members: '/v1?a={audience}'}", `5:22: connections.pages.paths.members: expected a URL path, escaped, without "?", "#", braces and spaces`},
		"path for one audience": {"https://cdp.example.com", "https://cdp.example.com\n    paths: {members: /v1/984}", "5:22: connections.pages.paths.members: must hold {audience}, which is replaced"},
		"other placeholder":     {"https://cdp.example.com", "https://cdp.example.com\n    paths: {members: '/v1/{audience}/{id}'}", "5:22: connections.pages.paths.members: holds a placeholder in braces that nothing replaces; known here: {audience}"},
		"same parameter":        {"https://cdp.example.com", "https://cdp.example.com\n    names: {limit_param: cursor}", "5:26: connections.pages.names.limit_param: limit_param and cursor_param have the same value; each needs its own"},
		"folder scheme":         {"url: drops", "url: ftp://host/drops", "7:10: connections.drops.url: expected a folder path, or a URL that starts with file://, s3://, gs://, azblob:// or sftp://"},
		"folder with user":      {"url: drops", "url: s3://me:hunter2@bucket", "7:10: connections.drops.url: must not hold a user or password; the credentials of buckets come from the worker's environment"},
		"relative file url":     {"url: drops", "url: file://drops", "7:10: connections.drops.url: expected three slashes and no parameters: file:///folder; write a relative folder without file://"},
		"no bucket":             {"url: drops", "url: 'gs://'", "7:10: connections.drops.url: expected the name of a bucket after gs://"},
		"pattern":               {"^{audience}/.*$", "^{audience}/(.*$", "8:14: connections.drops.pattern: expected a regular expression of Go (RE2), in which {audience} stands for the audience id; it does not compile"},
		"pattern from the root": {"^{audience}/.*$", "^/{audience}/.*$", `8:14: connections.drops.pattern: must not start with "/": keys begin below the URL`},
		"group twice":           {"^{audience}/.*$", "(?P<set>a)|(?P<set>b)", "8:14: connections.drops.pattern: holds the group (?P<set>...) twice; names of groups are unique"},
		"other group":           {"^{audience}/.*$", "(?P<sets>a)", "8:14: connections.drops.pattern: holds a named group that nothing reads; the one known group is (?P<set>...)"},
		"set without group":     {"format: csv", "format: csv\n    marker: '{audience}/{set}/_DONE'", "10:13: connections.drops.marker: holds {set}, but the pattern has no group (?P<set>...)"},
		"group without set":     {"^{audience}/.*$", "(?P<set>a)\n    marker: _DONE", "9:13: connections.drops.marker: must hold {set}, because the pattern has sets: else the marker of one set completes them all"},
		"marker from the root":  {"format: csv", "format: csv\n    marker: /_DONE", `10:13: connections.drops.marker: must not start with "/": keys begin below the URL`},
		"format":                {"format: csv", "format: tsv", `9:13: connections.drops.format: expected one of "csv", "ndjson", "json"; did you mean "csv"?`},
		"delimiter":             {"format: csv", "format: csv\n    delimiter: \"||\"", "10:16: connections.drops.delimiter: must be one character"},
		"quote as delimiter":    {"format: csv", "format: csv\n    delimiter: '\"'", "10:16: connections.drops.delimiter: expected one character that is not a quote or a line break"},
		"send":                  {"base_url: acme", "base_url: acme\n    send: batched", `13:11: connections.charles.send: expected one of "single", "batch"; did you mean "batch"?`},
		"batch without path":    {"base_url: acme", "base_url: acme\n    send: batch\n    batch: {method: POST, envelope: array, reply: none}", "14:5: connections.charles.batch.path: " + closedBeta},
		"batch method":          {"base_url: acme", "base_url: acme\n    batch: {method: GET}", `13:21: connections.charles.batch.method: expected one of "PUT", "POST", "PATCH"`},
		"batch size":            {"base_url: acme", "base_url: acme\n    batch: {max_items: 1001}", "13:24: connections.charles.batch.max_items: expected a whole number from 1 to 1000"},
		"status as number":      {"base_url: acme", "base_url: acme\n    batch: {items: {created: [201]}}", "13:31: connections.charles.batch.items.created[0]: expected text, found a number; write the value in quotes"},
		"status with two sides": {"base_url: acme", "base_url: acme\n    batch: {items: {refused: [ok]}}", "13:31: connections.charles.batch.items.refused[0]: also stands in the list accepted; a result has one meaning"},
		"spelling":              {"base_url: acme", "base_url: acme\n    phone: {spelling: raw}", `13:23: connections.charles.phone.spelling: expected one of "e164", "digits"`},
		"value key":             {"base_url: acme", "base_url: acme\n    phone: {value_key: ''}", "13:24: connections.charles.phone.value_key: must not be empty"},
		"count path":            {"base_url: acme", "base_url: acme\n    read: {segment_count_path: /count}", "13:32: connections.charles.read.segment_count_path: must hold {segment}, which is replaced"},
		"count header":          {"base_url: acme", "base_url: acme\n    read: {count_header: 'X:Y'}", "13:26: connections.charles.read.count_header: expected the name of an HTTP header: letters, digits, dashes and underscores"},
		"ids without reads":     {"base_url: acme", "base_url: acme\n    tags: id\n    read: {allowed: false}", "13:11: connections.charles.tags: ids are looked up in the list of tags, which read.allowed: false forbids; write label"},
		"refused, may pass":     {"base_url: acme", "base_url: acme\n    batch: {items: {refused: [\"429\"]}}", "13:31: connections.charles.batch.items.refused[0]: also stands in the list transient; a result has one meaning"},
		"shape of results":      {"base_url: acme", "base_url: acme\n    batch: {items: {shape: array}}", `13:28: connections.charles.batch.items.shape: expected one of "list", "object"`},
		"refused and transient": {"base_url: acme", "base_url: acme\n    batch: {items: {refused: [busy], transient: [busy]}}", "13:31: connections.charles.batch.items.refused[0]: also stands in the list transient; a result has one meaning"},
		"contact path, nobody":  {"base_url: acme", "base_url: acme\n    read: {contact_path: /contacts}", "13:26: connections.charles.read.contact_path: must hold {reference}, which is replaced"},
		"contact path, other":   {"base_url: acme", "base_url: acme\n    read: {contact_path: '/c/{reference}/{id}'}", "13:26: connections.charles.read.contact_path: holds a placeholder in braces that nothing replaces; known here: {reference} {source_type}"},
		"contact path, host":    {"base_url: acme", "base_url: acme\n    read: {contact_path: '//evil.example/{reference}'}", `13:26: connections.charles.read.contact_path: expected a path that starts with one "/"`},
		"contact path, escape":  {"base_url: acme", "base_url: acme\n    read: {contact_path: '/c%zz/{reference}'}", `13:26: connections.charles.read.contact_path: expected a URL path, escaped, and a query if need be, without "#", braces and spaces`},
		"contact path, query":   {"base_url: acme", "base_url: acme\n    read: {contact_path: '/c?a=%zz&r={reference}'}", `13:26: connections.charles.read.contact_path: expected a URL path, escaped, and a query if need be, without "#", braces and spaces`},
		"contact path, part":    {"base_url: acme", "base_url: acme\n    read: {contact_path: '/c#{reference}'}", `13:26: connections.charles.read.contact_path: expected a URL path, escaped, and a query if need be, without "#", braces and spaces`},
		"property known twice":  {"base_url: acme", "base_url: acme\n    read: {known_properties: [a, {name: a, type: number}]}", "13:34: connections.charles.read.known_properties[1]: the same as entry 1 of the list; delete one"},
		"property without name": {"base_url: acme", "base_url: acme\n    read: {known_properties: [{type: number}]}", "13:31: connections.charles.read.known_properties[0].name: missing; expected text"},
		"property as a number":  {"base_url: acme", "base_url: acme\n    read: {known_properties: [7]}", "13:31: connections.charles.read.known_properties[0]: expected keys below it (name, type, input, options), found a number"},
		"property's type":       {"base_url: acme", "base_url: acme\n    read: {known_properties: [{name: a, type: date}]}", `13:47: connections.charles.read.known_properties[0].type: expected one of "string", "number", "boolean", "object"`},
		"option known twice":    {"base_url: acme", "base_url: acme\n    read: {known_properties: [{name: a, options: [x, x]}]}", "13:54: connections.charles.read.known_properties[0].options[1]: the same as entry 1 of the list; delete one"},
		"tag known twice":       {"base_url: acme", "base_url: acme\n    read: {allowed: false, known_tags: [a, a]}", "13:44: connections.charles.read.known_tags[1]: the same as entry 1 of the list; delete one"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(minimalConnections, c.replace, c.with, 1)
			require.NotEqual(t, minimalConnections, file)
			require.EqualError(t, connectionsError("c.yaml", []byte(file)), "c.yaml:"+c.problem)
		})
	}
}

func TestAConnectionThatIsWrittenTwiceIsCheckedAllTheSame(t *testing.T) {
	t.Parallel()
	file := minimalConnections + "  pages: {kind: zeotap-api, base_url: x}\n"
	file = strings.Replace(file, "https://cdp.example.com", "cdp", 1)

	require.EqualError(t, connectionsError("c.yaml", []byte(file)),
		"c.yaml:4:15: connections.pages.base_url: expected an address such as https://host.example\n"+
			"c.yaml:15:3: connections.pages: the key is written twice, first on line 2; delete one")
}

func TestAllFourBatchSettingsAreAskedForTogether(t *testing.T) {
	t.Parallel()
	err := connectionsError("c.yaml", []byte(minimalConnections+"    send: batch\n"))

	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	paths := make([]string, len(problems))
	for i, problem := range problems {
		paths[i] = strings.TrimPrefix(problem.Path, "connections.charles.")
		require.Contains(t, problem.Text, "closed beta")
	}
	require.Equal(t, []string{"batch.envelope", "batch.method", "batch.path", "batch.reply"}, paths)
}

func TestTabsAndSpacesAreDelimiters(t *testing.T) {
	t.Parallel()
	for _, delimiter := range []string{`"\t"`, `" "`, "';'", "'|'"} {
		_, err := config.ParseConnections("c.yaml", []byte(strings.Replace(minimalConnections, "format: csv", "format: csv\n    delimiter: "+delimiter, 1)))
		require.NoError(t, err, delimiter)
	}
}

func TestKnownPropertiesAreNamesOrNamesWithWhatTheyTake(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections+`    read:
      allowed: false
      known_properties:
        - zeotap_audience_984
        - {name: tier, type: string, input: select, options: [gold, silver]}
`))
	require.NoError(t, err)
	require.Equal(t, []config.KnownProperty{
		{Name: "zeotap_audience_984"},
		{Name: "tier", Type: "string", Input: "select", Options: []string{"gold", "silver"}},
	}, connections.HelloCharles["charles"].Read.KnownProperties)
}

func TestAContactIsReadBackByAPathOrAQuery(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/c/{reference}", "/c/{source_type}/{reference}", "/c?reference={reference}&source_type={source_type}&embed=tags%2Cemails"} {
		connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections+"    read: {contact_path: '"+path+"'}\n"))
		require.NoError(t, err, path)
		require.Equal(t, path, connections.HelloCharles["charles"].Read.ContactPath)
	}
}

func TestWhatSaysThatAContactIsGoneIsNothingUnlessItIsGiven(t *testing.T) {
	t.Parallel()
	require.Zero(t, config.DefaultHelloCharles().Gone)
	connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections+"    gone: {codes: [contact_not_found], statuses: [404, 410]}\n"))
	require.NoError(t, err)
	require.Equal(t, config.GoneRefusals{Codes: []string{"contact_not_found"}, Statuses: []int{404, 410}}, connections.HelloCharles["charles"].Gone)

	_, err = config.ParseConnections("c.yaml", []byte(minimalConnections+
		"    gone: {codes: [Rate_Limited], statuses: [404]}\n    batch: {items: {updated: [updated, '404']}}\n"))
	require.ErrorContains(t, err, "connections.charles.gone.codes[0]: also stands in the list batch.items.transient")
	require.ErrorContains(t, err, "connections.charles.gone.statuses[0]: also stands in the list batch.items.updated")
}
