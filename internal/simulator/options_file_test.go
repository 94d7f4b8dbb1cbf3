package simulator_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

func loaded(t *testing.T, text string) (simulator.Options, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "simulator.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return simulator.LoadOptions(path)
}

func TestOptionsAreReadFromAFile(t *testing.T) {
	t.Parallel()
	got, err := loaded(t, `
zeotap: {members: 50, audience: {id: "7", name: Autumn}, snapshot_ttl: 1h}
charles:
  keys: [{key: old, revoked: true}]
  unknown_tags: refuse_item
  limits: {per_second: 10, retry_after: date, wait: 3s}
  lag: {delay: 2s}
  tags: [{id: t1, label: zeotap, object: person, active: true}]
  properties: [{id: p1, name: city, object: person, type: string, active: true, input: {type: select, options: [{label: Köln, value: cologne}, {label: One, value: 1}]}}]
  segments: [{id: s, all: [{property: city, equals: cologne}]}]
  batch: {reply: items, names: index, items: {shape: object}, queued: true, queue_delay: 1m}
tenants: [{name: b, prefix: /b, charles: {key: other}}]
faults: {refuse: [{suffix: "7", status: 429}]}
retry_after_grace: 20ms
`)
	require.NoError(t, err)
	city := simulator.Property{ID: "p1", Name: "city", Object: "person", Type: "string", Active: true}
	city.Input.Type = "select"
	city.Input.Options = []simulator.PropertyOption{{Label: "Köln", Value: "cologne"}, {Label: "One", Value: uint64(1)}}
	want := simulator.Options{
		Charles: simulator.CharlesOptions{
			Keys: []simulator.APIKey{{Key: "old", Revoked: true}}, UnknownTags: simulator.RefuseContact,
			Limits:     simulator.Limits{PerSecond: 10, RetryAfter: faults.RetryAfterDate, Wait: 3 * time.Second},
			Lag:        contacts.Lag{Delay: 2 * time.Second},
			Tags:       []simulator.Tag{{ID: "t1", Label: "zeotap", Object: "person", Active: true}},
			Properties: []simulator.Property{city},
			Segments:   []contacts.Segment{{ID: "s", All: []contacts.Condition{{Property: "city", Equals: "cologne"}}}},
			Batch: simulator.BatchOptions{
				Reply: simulator.ReplyItems, Names: simulator.NameIndex, Items: simulator.ItemOptions{Shape: simulator.ItemsObject},
				Queued: true, QueueDelay: time.Minute,
			},
		},
		Tenants:         []simulator.Tenant{{Name: "b", Prefix: "/b", Charles: simulator.CharlesOptions{Key: "other"}}},
		Faults:          simulator.Faults{Refuse: []faults.Refusal{{Suffix: "7", Status: 429}}},
		RetryAfterGrace: 20 * time.Millisecond,
	}
	want.Zeotap.Members, want.Zeotap.SnapshotTTL = 50, time.Hour
	want.Zeotap.Audience.ID, want.Zeotap.Audience.Name = "7", "Autumn"
	require.Equal(t, want, got)

	got, err = loaded(t, "")
	require.NoError(t, err)
	require.Equal(t, simulator.Options{}, got)
}

func TestOptionsWithAMistakeAreRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"charles: {colour: red}":                               "colour",
		"charles: {unknown: ignore}":                           `charles.unknown: "ignore" is none of drop, refuse_item`,
		"charles: {malformed: drop}":                           "charles.malformed",
		"charles: {batch: {reply: all}}":                       "charles.batch.reply",
		"charles: {batch: {names: nobody, items: {shape: x}}}": "charles.batch.items.shape",
		"charles: {malformed_status: 500}":                     "none of [400 422]",
		"charles: {batch: {max_items: -1}}":                    "not negative",
		"charles: {limits: {retry_after: never}}":              "limits.retry_after",
		"tenants: [{name: b}]":                                 "tenants[0] needs a host",
		"tenants: [{prefix: b}]":                               "tenants[0] needs a host",
		"tenants: [{host: b, charles: {errors: x}}]":           "tenants[0].charles.errors",
		"faults: {lose: [{}]}":                                 "faults: lose[0]: selects nobody",
	} {
		_, err := loaded(t, text)
		require.ErrorContains(t, err, says)
	}
	_, err := simulator.LoadOptions(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAnUnknownKeyOfTheOptionsIsToldWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	for text, known := range map[string]string{
		"zeotap: {size: 3}":                                   "known here: audience, empty_page_every, key, members,",
		"zeotap:\n  audience:\n    title: Spring":             "known here: id, name",
		"charles: {tags: [{id: t, name: zeotap}]}":            "known here: active, created_at, deleted, description, id, label, object, tag_group, updated_at",
		"charles:\n  segments:\n  - id: s\n    any: [{}]":     "known here: all, id, name",
		"tenants: [{name: a, charles: {batch: {size: 100}}}]": "known here: all_or_nothing, duplicates, empty_status, envelope,",
		"charles: {segments: [{all: [{name: vip}]}]}":         "known here: contains, equals, property, tag",
		"simulator: {}":                   "known here: charles, faults, journal_entries, retry_after_grace, tenants, zeotap",
		"faults: {refuse: [{part: 0.1}]}": "attempts, ",
	} {
		_, err := loaded(t, text)
		require.ErrorContains(t, err, "unknown field")
		require.ErrorContains(t, err, known)
	}
}

func TestTheExamplesInTheDocumentationLoad(t *testing.T) {
	t.Parallel()
	workspace, switches := examplesOfTheDocument(t)
	require.Len(t, workspace.Charles.Segments, 2)
	for _, tag := range workspace.Charles.Tags {
		require.True(t, tag.Writable(), tag.Label)
	}
	for _, property := range workspace.Charles.Properties {
		require.True(t, property.Writable(), property.Name)
	}
	require.True(t, switches.Charles.Batch.AllOrNothing)
	require.Len(t, switches.Faults.Refuse, 3)
}

// examplesOfTheDocument are the two options files of docs/simulator.md.
func examplesOfTheDocument(t *testing.T) (workspace, switches simulator.Options) {
	t.Helper()
	parts := strings.Split(document(t), "```yaml\n")
	require.Len(t, parts, 3)
	read := make([]simulator.Options, 2)
	for i, part := range parts[1:] {
		example, _, found := strings.Cut(part, "```")
		require.True(t, found)
		var err error
		read[i], err = loaded(t, example)
		require.NoError(t, err)
	}
	return read[0], read[1]
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/simulator.md")
	require.NoError(t, err)
	return string(text)
}

func TestTheDocumentationNamesWhatThereIsByDefault(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(document(t), "## What there is by default")
	table, _, found := strings.Cut(table, "\n## ")
	require.True(t, found)
	o := simulator.Options{}.Complete()
	names := slices.Concat(
		[]string{
			o.Zeotap.Key, o.Charles.Key, o.Zeotap.Audience.ID, o.Zeotap.Audience.Name, o.Charles.ContactPath,
			o.Charles.Batch.Method, o.Charles.Batch.Path, o.Charles.Batch.Envelope, string(o.Charles.Batch.Reply),
		},
		each(o.Charles.Tags, func(t simulator.Tag) string { return t.Label }),
		each(o.Charles.Properties, func(p simulator.Property) string { return p.Name }),
		each(o.Charles.Segments, func(s contacts.Segment) string { return s.ID }),
	)
	for _, name := range names {
		require.Contains(t, table, "`"+name+"`")
	}
}

// each names every one of a list.
func each[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, one := range list {
		names[i] = name(one)
	}
	return names
}
