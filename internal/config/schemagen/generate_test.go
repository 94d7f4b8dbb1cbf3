package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

const root = "../../.."

func TestTheCommittedSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	for name, expected := range generated(t) {
		committed, err := os.ReadFile(filepath.Join(root, "schema", name))
		require.NoError(t, err)
		require.Equal(t, string(expected), string(committed), "run: go run ./internal/config/schemagen")
	}
}

func TestEveryExampleFitsItsSchema(t *testing.T) {
	t.Parallel()
	schemas := compileAll(t)
	count := 0
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		paths, err := filepath.Glob(filepath.Join(root, "examples", pattern))
		require.NoError(t, err)
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			schema := schemas["sync"]
			if strings.Contains(filepath.Base(path), "connections") {
				schema = schemas["connections"]
			}
			require.NoError(t, schema.Validate(decode(t, string(raw))), path)
			count++
		}
	}
	require.NotZero(t, count)
}

// What a schema can say, it says as the parser does: an editor shows no red
// under a good file and finds the usual mistakes.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	schemas := compileAll(t)
	for _, c := range []struct {
		title, schema, file string
		good                bool
	}{
		{"minimal sync", "sync", minimal, true},
		{"unknown key", "sync", minimal + "retries: 3\n", false},
		{"unknown key below", "sync", minimal + "limits: {retries: 3}\n", false},
		{"missing key", "sync", strings.Replace(minimal, "source: zeotap\n", "", 1), false},
		{"name", "sync", strings.Replace(minimal, "demo", "Demo", 1), false},
		{"number as text", "sync", strings.Replace(minimal, `"984"`, "984", 1), false},
		{"mirror by a tag", "sync", minimal + "mode: mirror\n", false},
		{"mirror", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, member: c, left: d}", 1) + "mode: mirror\non_invalid: remove\n", true},
		{"mirror without left", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, member: c}", 1) + "mode: mirror\n", false},
		{"shared marker", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, shared: true}", 1) + "mode: mirror\n", true},
		{"shared marker in mode add", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, shared: true}", 1), true},
		{"member of a shared marker", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, member: c, shared: true}", 1), false},
		{"left of a shared marker", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, left: c, shared: true}", 1), false},
		{"shared tag", "sync", strings.Replace(minimal, "{tag: a}", "{tag: b, shared: true}", 1), false},
		{"marker that is not shared", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, member: c, shared: false}", 1), true},
		{"left of a tag", "sync", strings.Replace(minimal, "{tag: a}", "{tag: a, left: d}", 1), false},
		{"remove in mode add", "sync", minimal + "on_invalid: remove\n", false},
		{"keep in mode add", "sync", minimal + "mode: add\non_invalid: keep\n", true},
		{"gate", "sync", minimal + "gate: {leavers: {share: 5%, number: 100, floor: 0}, empty_audience: allow, scheduled: fail, first_run: expect, keep_for: 2h}\n", true},
		{"gate of an unknown kind", "sync", minimal + "gate: {movers: {share: 5%}}\n", false},
		{"marker of both kinds", "sync", strings.Replace(minimal, "{tag: a}", "{tag: a, property: b, member: c}", 1), false},
		{"marker without member", "sync", strings.Replace(minimal, "{tag: a}", "{property: b}", 1), false},
		{"marker property", "sync", strings.Replace(minimal, "{tag: a}", "{property: b, member: c}", 1), true},
		{"member of a tag", "sync", strings.Replace(minimal, "{tag: a}", "{tag: b, member: c}", 1), false},
		{"property from", "sync", minimal + "mapping: {properties: {a: {from: b, type: date}}}\n", true},
		{"property without source", "sync", minimal + "mapping: {properties: {a: {type: date}}}\n", false},
		{"property with two", "sync", minimal + "mapping: {properties: {a: {from: b, value: c, type: string}}}\n", false},
		{"name alone", "sync", minimal + "mapping: {first_name: a, phone: b, email: c}\n", true},
		{"name of two sources", "sync", minimal + "mapping: {first_name: {from: a, value: b}}\n", false},
		{"name of no source", "sync", minimal + "mapping: {first_name: {max_length: 3}}\n", false},
		{"constant name", "sync", minimal + "mapping: {first_name: {value: a}}\n", true},
		{"constant phone", "sync", minimal + "mapping: {phone: {value: a}}\n", false},
		{"first of nothing", "sync", minimal + "mapping: {phone: {first_of: []}}\n", false},
		{"reference by template", "sync", strings.Replace(minimal, "from: phone", "template: '{a}'", 1), true},
		{"constant reference", "sync", strings.Replace(minimal, "from: phone", "value: a", 1), false},
		{"reference of two", "sync", strings.Replace(minimal, "from: phone", "from: a, first_of: [b]", 1), false},
		{"sources of tags", "sync", minimal + "mapping: {tags: [a, {from: b, prefix: p}, {list: c, rename: {d: e}, unknown: stop}, {audience: id}]}\n", true},
		{"tag of two sources", "sync", minimal + "mapping: {tags: [{from: a, list: b}]}\n", false},
		{"empty allow", "sync", minimal + "mapping: {tags: [{list: a, allow: []}]}\n", false},
		{"boolean texts", "sync", minimal + "mapping: {properties: {a: {from: b, type: boolean, true: [c], false: [d]}}}\n", true},
		{"number as true", "sync", minimal + "mapping: {properties: {a: {from: b, type: boolean, true: [1]}}}\n", false},
		{"filter", "sync", minimal + "filter: {all: [{field: a, is: true}, {not: {field: b, in: [1, c]}}, {any: [{field: d, present: false}]}]}\n", true},
		{"condition without test", "sync", minimal + "filter: {not: {field: a}}\n", false},
		{"condition of two kinds", "sync", minimal + "filter: {all: [{field: a, is: b}], field: c, is: d}\n", false},
		{"test without field", "sync", minimal + "filter: {all: [{field: a, is: b}], is: d}\n", false},
		{"no condition", "sync", minimal + "filter: {any: []}\n", false},
		{"tag twice", "sync", minimal + "mapping: {tags: [a, a]}\n", false},
		{"empty tag", "sync", minimal + "mapping: {tags: ['']}\n", false},
		{"none", "sync", minimal + "verification: {none: true}\n", true},
		{"segment, none false", "sync", minimal + "verification: {segment: a, none: false}\n", true},
		{"segment and none", "sync", minimal + "verification: {segment: a, none: true}\n", false},
		{"duration", "sync", minimal + "verification: {deadline: 1h30m}\n", true},
		{"bare number", "sync", minimal + "verification: {deadline: 90}\n", false},
		{"share in percent", "sync", minimal + "accept: {invalid: 2.5 %}\n", true},
		{"share as number", "sync", minimal + "accept: {invalid: 0.02}\n", true},
		{"share above one", "sync", minimal + "accept: {invalid: 2}\n", false},
		{"too many batches", "sync", minimal + "limits: {batches_per_history: 100000}\n", false},
		{"notify", "sync", minimal + "notify: {to: [a], on: [bad, digest], reminder: 2h, overdue_after: 0s, heartbeat: b}\n", true},
		{"heartbeat alone", "sync", minimal + "notify: {heartbeat: b}\n", true},
		{"notify nobody", "sync", minimal + "notify: {on: [bad]}\n", false},
		{"notify twice", "sync", minimal + "notify: {to: [a, a]}\n", false},
		{"notify of nothing", "sync", minimal + "notify: {to: [a], on: []}\n", false},
		{"notify of something else", "sync", minimal + "notify: {to: [a], on: [good]}\n", false},
		{"schedule", "sync", minimal + provable + "schedule: {every: 6h, time_zone: UTC, jitter: 5m, start: 2027-01-31, end: 2027-12-31T18:00, catch_up: 2h, pause_after: 0, verify: {cron: 0 3 * * *}}\n", true},
		{"calendars", "sync", minimal + "schedule: {calendars: [{at: ['06:00'], weekdays: [mon], days: [1], months: [jan]}]}\n", true},
		{"proofs alone", "sync", minimal + provable + "schedule: {time_zone: UTC, verify: {every: 24h}}\n", true},
		{"proofs without a segment", "sync", minimal + "schedule: {verify: {every: 24h}}\n", false},
		{"schedule without times", "sync", minimal + "schedule: {time_zone: UTC}\n", false},
		{"schedule of two kinds", "sync", minimal + "schedule: {every: 6h, cron: 0 6 * * *}\n", false},
		{"proofs without times", "sync", minimal + provable + "schedule: {every: 6h, verify: {jitter: 1m}}\n", false},
		{"keys of no runs", "sync", minimal + provable + "schedule: {jitter: 1m, verify: {every: 6h}}\n", false},
		{"no calendar", "sync", minimal + "schedule: {calendars: []}\n", false},
		{"calendar without time", "sync", minimal + "schedule: {calendars: [{days: [1]}]}\n", false},
		{"day 32", "sync", minimal + "schedule: {calendars: [{at: ['06:00'], days: [32]}]}\n", false},
		{"weekday", "sync", minimal + "schedule: {calendars: [{at: ['06:00'], weekdays: [monday]}]}\n", false},
		{"start", "sync", minimal + "schedule: {every: 6h, start: '2027'}\n", false},
		{"too many failures", "sync", minimal + "schedule: {every: 6h, pause_after: 101}\n", false},
		{"webhook", "connections", connection("webhook", "url: env:A, secret: file:b, timeout: 3s, allow_plain_http: true"), true},
		{"webhook with its URL", "connections", connection("webhook", "url: 'https://a.example'"), false},
		{"pages", "connections", connection("zeotap-api", "base_url: https://a.example"), true},
		{"pages without address", "connections", connection("zeotap-api", "credential: env:A"), false},
		{"key of another kind", "connections", connection("zeotap-api", "base_url: https://a.example, pattern: a"), false},
		{"other kind", "connections", connection("zeotap", "base_url: https://a.example"), false},
		{"no kind", "connections", "connections: {a: {base_url: https://a.example}}", false},
		{"drops", "connections", connection("zeotap-export", "url: a, pattern: b, format: csv"), true},
		{"long delimiter", "connections", connection("zeotap-export", "url: a, pattern: b, format: csv, delimiter: ab"), false},
		{"charles", "connections", connection("hello-charles", charles), true},
		{"charles, no key", "connections", connection("hello-charles", "base_url: acme, source_type: zeotap"), false},
		{"literal credential", "connections", connection("hello-charles", strings.Replace(charles, "env:A", "abc", 1)), false},
		{"batch", "connections", connection("hello-charles", charles+", send: batch, batch: {method: POST, path: /b, envelope: array, reply: none}"), true},
		{"batch without settings", "connections", connection("hello-charles", charles+", send: batch"), false},
		{"batch without path", "connections", connection("hello-charles", charles+", send: batch, batch: {method: POST, envelope: array, reply: none}"), false},
		{"spelling raw", "connections", connection("hello-charles", charles+", phone: {spelling: raw}"), false},
		{"type empty", "connections", connection("hello-charles", charles+", phone: {type: ''}"), true},
		{"value key empty", "connections", connection("hello-charles", charles+", phone: {value_key: ''}"), false},
		{"known properties", "connections", connection("hello-charles", charles+", read: {known_properties: [a, {name: b, type: number, input: select, options: [x]}]}"), true},
		{"known property, other type", "connections", connection("hello-charles", charles+", read: {known_properties: [{name: b, type: date}]}"), false},
		{"known property without name", "connections", connection("hello-charles", charles+", read: {known_properties: [{type: number}]}"), false},
		{"contact as the reply itself", "connections", connection("hello-charles", charles+", read: {contact: {data: ''}}"), true},
		{"reply of errors", "connections", connection("hello-charles", charles+", batch: {reply: errors, errors: {index: index}, items: {shape: object}}"), true},
		{"rate of zero", "connections", connection("hello-charles", charles+", limits: {requests_per_second: 0}"), false},
		{"name of a connection", "connections", "connections: {A: {kind: zeotap-api, base_url: https://a.example}}", false},
		{"no connection", "connections", "connections: {}", false},
		{"key beside connections", "connections", connection("hello-charles", charles) + "\nversion: 1\n", false},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			var parsed error
			if c.schema == "sync" {
				_, parsed = config.ParseSync("f.yaml", []byte(c.file))
			} else {
				_, parsed = config.ParseConnections("f.yaml", []byte(c.file))
			}
			validated := schemas[c.schema].Validate(decode(t, c.file))
			if c.good {
				require.NoError(t, parsed)
				require.NoError(t, validated)
			} else {
				require.Error(t, parsed)
				require.Error(t, validated)
			}
		})
	}
}

func TestTheScalarPatternsAgreeWithTheParsers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "0", "0s", "5s", "1.5h", ".5m", "1h30m", "100ms", "90", "-5s", "+5s", "5 s", "1d", "1e3s", "soon",
		"2%", "0.02", "100%", "33.3 %", ".5", "5.", "-1%", "1e-2", "%", "NaN",
		"06:00", "6:00", "23:59", "24:00", "06:60", "2027-01-31", "2027-13-01", "2027-01-32", "2027-01-31T06:00", "2027-01-31T24:00", "2027-01-31 06:00", "2027-01-31T06:00:00",
		"env:KEY", "env:_k2", "env:", "env:2", "env:a-b", "file:a", "file:", "key", "ENV:KEY",
	} {
		var duration config.Duration
		var share config.Share
		var credential config.CredentialRef
		var clock config.ClockTime
		var local config.LocalTime
		for _, c := range []struct {
			pattern string
			err     error
		}{
			{durationPattern, duration.UnmarshalText([]byte(text))},
			{sharePattern, share.UnmarshalText([]byte(text))},
			{credentialPattern, credential.UnmarshalText([]byte(text))},
			{clockTimePattern, clock.UnmarshalText([]byte(text))},
			{localTimePattern, local.UnmarshalText([]byte(text))},
		} {
			schema := compile(t, map[string]any{"pattern": c.pattern})
			require.Equal(t, c.err == nil, schema.Validate(text) == nil, "%q and %s", text, c.pattern)
		}
	}
}

func TestEveryKeyHasADescriptionThatNamesItsDefault(t *testing.T) {
	t.Parallel()
	for name, raw := range generated(t) {
		var schema schemaOfTest
		require.NoError(t, json.Unmarshal(raw, &schema))
		requireDescriptions(t, name, schema)
		for kind, definition := range schema.Definitions {
			requireDescriptions(t, kind, definition)
		}
	}
}

type schemaOfTest struct {
	Description string                  `json:"description"`
	Default     any                     `json:"default"`
	Const       any                     `json:"const"`
	AnyOf       []any                   `json:"anyOf"`
	Properties  map[string]schemaOfTest `json:"properties"`
	Definitions map[string]schemaOfTest `json:"$defs"`
}

func requireDescriptions(t *testing.T, path string, schema schemaOfTest) {
	t.Helper()
	for name, property := range schema.Properties {
		place := path + "." + name
		if property.Const != nil {
			continue
		}
		require.NotEmpty(t, property.Description, place)
		if property.Default != nil {
			_, said, ok := strings.Cut(property.Description, "Default: ")
			require.True(t, ok, "%s does not name its default", place)
			require.Contains(t, said, shown(property), place)
		}
		requireDescriptions(t, place, property)
	}
}

// shown is a default as a comment writes it.
func shown(property schemaOfTest) string {
	switch value := property.Default.(type) {
	case []any:
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(value), "[]"), " ", ", ")
	case float64:
		if property.AnyOf != nil && value != 0 {
			return config.Share(value).String()
		}
		return fmt.Sprint(value)
	default:
		if value == "" {
			return "empty"
		}
		return fmt.Sprint(value)
	}
}

// The tags of the types are read by two readers, the parser and the schema.
func TestTheTagsHoldNumbersThatCanBeRead(t *testing.T) {
	t.Parallel()
	var check func(reflect.Type)
	check = func(structure reflect.Type) {
		for field := range structure.Fields() {
			for part := range strings.SplitSeq(field.Tag.Get("jsonschema"), ",") {
				name, value, _ := strings.Cut(part, "=")
				if strings.HasSuffix(strings.ToLower(name), "imum") {
					_, err := strconv.ParseFloat(value, 64)
					require.NoError(t, err, field.Name)
				}
			}
			require.NotContains(t, field.Tag.Get("yaml"), ",", field.Name)
			if field.Type.Kind() == reflect.Struct {
				check(field.Type)
			}
		}
	}
	for _, structure := range []reflect.Type{
		reflect.TypeFor[config.Sync](), reflect.TypeFor[config.ZeotapAPI](), reflect.TypeFor[config.ZeotapExport](), reflect.TypeFor[config.HelloCharles](), reflect.TypeFor[config.Webhook](),
	} {
		check(structure)
	}
}

const minimal = `sync: demo
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
marker: {tag: a}
`

const provable = "verification: {segment: a}\n"

const charles = "base_url: acme, source_type: zeotap, credential: env:A"

func connection(kind, settings string) string {
	return "connections: {a: {kind: " + kind + ", " + settings + "}}"
}

func generated(t *testing.T) map[string][]byte {
	t.Helper()
	folder, err := filepath.Abs(root)
	require.NoError(t, err)
	schemas, err := generate(folder)
	require.NoError(t, err)
	return schemas
}

func compileAll(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiled := map[string]*jsonschema.Schema{}
	for name, raw := range generated(t) {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		require.NoError(t, err)
		compiled[strings.TrimSuffix(name, ".schema.json")] = compile(t, schema)
	}
	return compiled
}

// decode reads YAML as an editor does.
func decode(t *testing.T, file string) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(file))
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return value
}

func compile(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", schema))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return compiled
}
