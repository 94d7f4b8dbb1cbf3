package config_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

const minimalSync = `sync: demo
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
marker: {tag: spring}
`

func TestAMinimalSyncHasTheDefaults(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync))

	require.NoError(t, err)
	require.Equal(t, config.Sync{
		Sync:        "demo",
		Audience:    config.AudienceID{ID: "984"},
		Source:      "zeotap",
		Destination: "charles",
		Mode:        config.ModeAdd,
		Reference:   config.Reference{From: "phone", Normalise: config.NormaliseE164},
		Marker:      config.Marker{Tag: "spring"},
		Verification: config.Verification{
			Poll:     config.Duration(5 * time.Second),
			MaxLag:   config.Duration(2 * time.Minute),
			Deadline: config.Duration(15 * time.Minute),
		},
		Limits: config.SyncLimits{StagingMegabytes: 4096, RefusedInFirstBatch: 0.5, BatchesPerHistory: 1000},
	}, sync)
}

func TestChannelsHoldUnusableValuesBackByDefault(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+"mapping: {phone: {from: msisdn}, email: {from: mail, unusable: omit}}\n"))

	require.NoError(t, err)
	require.Equal(t, &config.Channel{From: "msisdn", Unusable: config.HoldBack}, sync.Mapping.Phone)
	require.Equal(t, &config.Channel{From: "mail", Unusable: config.Omit}, sync.Mapping.Email)
}

func TestASyncSurvivesJSON(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../examples/sync.yaml", "../../examples/demo/sync.yaml"} {
		sync, err := config.LoadSync(path)
		require.NoError(t, err)

		raw, err := json.Marshal(sync)
		require.NoError(t, err)
		var again config.Sync
		require.NoError(t, json.Unmarshal(raw, &again))

		require.Equal(t, sync, again)
	}
}

func TestASyncInJSONHasDurationsAsTextAndSharesAsNumbers(t *testing.T) {
	t.Parallel()
	sync, err := config.LoadSync("../../examples/demo/sync.yaml")
	require.NoError(t, err)

	raw, err := json.Marshal(sync)

	require.NoError(t, err)
	require.Contains(t, string(raw), `"verification":{"segment":"seg-984","poll":"1s","max_lag":"20s","deadline":"2m"}`)
	require.Contains(t, string(raw), `"accept":{"invalid":0.05,"refused":0.01,"source_gap":0.01}`)
}

// Each case changes one line of a good sync, or adds to it; the problem is the
// whole error.
func TestASyncIsRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ replace, with, problem string }{
		"name with capitals":  {"sync: demo", "sync: Demo", "1:7: sync: expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit; it is permanent"},
		"name too long":       {"sync: demo", "sync: " + strings.Repeat("a", 65), "1:7: sync: expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit; it is permanent"},
		"no name":             {"sync: demo\n", "", "1:1: sync: missing; expected text"},
		"empty name":          {"sync: demo", `sync: ""`, "1:7: sync: must not be empty"},
		"number as id":        {`"984"`, "984", "2:16: audience.id: expected text, found a number; write the value in quotes"},
		"two lines of text":   {"source: zeotap", `source: "a\nb"`, "3:9: source: must be one line of text, without control characters"},
		"space at the end":    {"source: zeotap", `source: "a "`, "3:9: source: must not start or end with a space"},
		"no value":            {"source: zeotap", "source:", "3:1: source: has no value; give one or delete the key; expected text"},
		"a list for text":     {"source: zeotap", "source: [a]", "3:9: source: expected text, found a list"},
		"key twice":           {"source: zeotap", "source: a\nsource: b", "4:1: source: the key is written twice, first on line 3; delete one"},
		"mirror":              {"marker:", "mode: mirror\nmarker:", `6:7: mode: "mirror" is not available in this version; use add`},
		"unknown mode":        {"marker:", "mode: ad\nmarker:", `6:7: mode: expected "add"`},
		"section missing":     {"reference: {from: phone, normalise: e164}\n", "", "1:1: reference: missing; expected keys below it (from, normalise, default_region)"},
		"section is text":     {"{from: phone, normalise: e164}", "phone", "5:12: reference: expected keys below it (from, normalise, default_region), found text"},
		"from missing":        {"from: phone, ", "", "5:1: reference.from: missing; expected text"},
		"normalise":           {"e164", "E.164", `5:37: reference.normalise: expected one of "e164", "digits", "raw"; did you mean "e164"?`},
		"region":              {"e164}", "e164, default_region: XX}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"`},
		"region in small":     {"e164}", "e164, default_region: de}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"; did you mean "DE"?`},
		"region UK":           {"e164}", "e164, default_region: UK}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"; did you mean "GB"?`},
		"region NO":           {"e164}", "e164, default_region: false}", "5:59: reference.default_region: expected text, found true or false; write the value in quotes"},
		"no marker":           {"{tag: spring}", "{}", "6:9: marker: expected exactly one of property (with member) or tag: it is how the segment recognises members"},
		"two markers":         {"{tag: spring}", "{tag: a, property: b, member: c}", "6:15: marker.tag: there is a property already; expected exactly one of property or tag"},
		"no member":           {"{tag: spring}", "{property: a}", "6:1: marker.member: missing; expected the value that the property has for members"},
		"member of a tag":     {"{tag: spring}", "{tag: a, member: b}", "6:26: marker.member: belongs to a property; a tag has no value"},
		"short form":          {"marker:", "mapping: {phone: msisdn}\nmarker:", "6:18: mapping.phone: expected keys below it (from, unusable), found text"},
		"unusable":            {"marker:", "mapping: {phone: {from: a, unusable: hold}}\nmarker:", `6:38: mapping.phone.unusable: expected one of "hold_back", "omit"; did you mean "hold_back"?`},
		"tags as text":        {"marker:", "mapping: {tags: zeotap}\nmarker:", "6:17: mapping.tags: expected a list, found text"},
		"empty tag":           {"marker:", "mapping:\n  tags:\n  - a\n  - \"\"\nmarker:", "9:5: mapping.tags[1]: must not be empty"},
		"tag twice":           {"marker:", "mapping: {tags: [a, b, a]}\nmarker:", "6:24: mapping.tags[2]: the same as entry 1 of the list; delete one"},
		"property as list":    {"marker:", "mapping: {properties: [a]}\nmarker:", "6:23: mapping.properties: expected names with keys below them (from, value, type), found a list"},
		"property no source":  {"marker:", "mapping: {properties: {a: {type: date}}}\nmarker:", "6:27: mapping.properties.a: expected exactly one of from (a catalogue field) or value (a constant)"},
		"property two":        {"marker:", "mapping: {properties: {a: {type: string, from: a, value: b}}}\nmarker:", "6:58: mapping.properties.a.value: there is a from already; expected exactly one of from or value"},
		"property no type":    {"marker:", "mapping: {properties: {a: {from: a}}}\nmarker:", `6:24: mapping.properties.a.type: missing; expected one of "string", "number", "date"`},
		"property type":       {"marker:", "mapping: {properties: {a: {from: a, type: text}}}\nmarker:", `6:43: mapping.properties.a.type: expected one of "string", "number", "date"`},
		"property number":     {"marker:", "mapping: {properties: {a: {value: 01, type: number}}}\nmarker:", "6:35: mapping.properties.a.value: expected text, found a number; write the value in quotes"},
		"constant number":     {"marker:", "mapping: {properties: {a: {value: \"01\", type: number}}}\nmarker:", `6:35: mapping.properties.a.value: expected a number, because the type is number, such as "12.5"`},
		"constant date":       {"marker:", "mapping: {properties: {a: {value: 31.1.2026, type: date}}}\nmarker:", `6:35: mapping.properties.a.value: expected a date, because the type is date, such as "2026-01-31"`},
		"marker twice":        {"marker: {tag: spring}", "mapping: {properties: {a: {from: a, type: date}}}\nmarker: {property: a, member: b}", "6:24: mapping.properties.a: is the marker's property, which the marker alone may set; delete it here"},
		"none and segment":    {"marker:", "verification: {segment: a, none: true}\nmarker:", "6:34: verification.none: there is a segment to verify with; delete the segment or this key"},
		"none as yes":         {"marker:", "verification: {none: yes}\nmarker:", "6:22: verification.none: expected true or false"},
		"poll without unit":   {"marker:", "verification: {poll: 5}\nmarker:", `6:22: verification.poll: a number without a unit is not a duration; write "90s", "15m" or "1h30m"`},
		"poll in words":       {"marker:", "verification: {poll: 1 day}\nmarker:", `6:22: verification.poll: expected a duration such as "90s", "15m" or "1h30m" (units: ms, s, m, h)`},
		"poll too often":      {"marker:", "verification: {poll: 10ms}\nmarker:", "6:22: verification.poll: expected at least 100ms between two counts"},
		"lag below poll":      {"marker:", "verification: {max_lag: 1s}\nmarker:", "6:25: verification.max_lag: must not be less than poll, which is 5s"},
		"poll above lag":      {"marker:", "verification: {poll: 3m}\nmarker:", "6:15: verification.max_lag: must not be less than poll, which is 3m"},
		"deadline below lag":  {"marker:", "verification: {deadline: 90s}\nmarker:", "6:26: verification.deadline: must not be less than max_lag, which is 2m"},
		"no staging":          {"marker:", "limits: {staging_megabytes: 0}\nmarker:", "6:29: limits.staging_megabytes: expected a whole number from 1"},
		"half a batch":        {"marker:", "limits: {batches_per_history: 1.5}\nmarker:", "6:31: limits.batches_per_history: expected a whole number from 1 to 5000"},
		"octal number":        {"marker:", "limits: {batches_per_history: 0x10}\nmarker:", "6:31: limits.batches_per_history: expected a whole number from 1 to 5000"},
		"share above one":     {"marker:", "accept: {invalid: 5}\nmarker:", `6:19: accept.invalid: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"negative share":      {"marker:", "accept: {invalid: -1%}\nmarker:", `6:19: accept.invalid: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"share of 101%":       {"marker:", "accept: {refused: 101%}\nmarker:", `6:19: accept.refused: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"key of elsewhere":    {"marker:", "segment: a\nmarker:", `6:1: segment: unknown key; did you mean "verification.segment"?`},
		"key one level down":  {"{tag: spring}", "{tag: a, destination: b}", "6:18: marker.destination: unknown key; it belongs at the top level of the file"},
		"key in other style":  {"source: zeotap", "source: zeotap\nmapping: {firstName: a}", `4:11: mapping.firstName: unknown key; did you mean "first_name"?`},
		"key that is strange": {"marker:", "\"a b\\n\": 1\nmarker:", `6:1: "a b\n": unknown key; expected one of "sync", "audience", "source", "destination", "mode", "reference", "marker", "mapping", "verification", "limits", "accept"`},
		"credential":          {"marker:", "api_key: hunter2\nmarker:", "6:1: api_key: unknown key; a sync holds no credential: it belongs to a connection, as credential: env:NAME or file:PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(minimalSync, c.replace, c.with, 1)
			require.NotEqual(t, minimalSync, file)
			require.EqualError(t, syncError("sync.yaml", []byte(file)), "sync.yaml:"+c.problem)
		})
	}
}

func TestValuesThatLookStrangeButAreRightAreTaken(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+`
mapping:
  first_name: 'Vorname (Kunde)'
  tags: []
  properties:
    2024: {value: "-1.5e3", type: number}
    "größe": {value: "2024-02-29", type: date}
verification: {none: true, poll: 100ms, max_lag: 100ms, deadline: 1h30m}
accept: {invalid: 0.7%, refused: .5, source_gap: 100 %}
`))

	require.NoError(t, err)
	require.Equal(t, "Vorname (Kunde)", sync.Mapping.FirstName)
	require.Nil(t, sync.Mapping.Tags)
	require.Contains(t, sync.Mapping.Properties, "2024")
	require.Contains(t, sync.Mapping.Properties, "größe")
	require.Equal(t, config.Accept{Invalid: 0.007, Refused: 0.5, SourceGap: 1}, sync.Accept)
	require.Equal(t, 90*time.Minute, sync.Verification.Deadline.D())
}
