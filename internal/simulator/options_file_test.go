package simulator_test

import (
	"os"
	"path/filepath"
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

func TestTheExampleInTheDocumentationLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/simulator.md")
	require.NoError(t, err)
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(example, "```")
	require.True(t, found)
	got, err := loaded(t, example)
	require.NoError(t, err)
	require.True(t, got.Charles.Batch.AllOrNothing)
	require.Len(t, got.Faults.Refuse, 3)
}
