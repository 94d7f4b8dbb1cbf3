package conformance_test

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"audiencesync/examples"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator/conformance"
)

func TestThereAreManyConfigurationsWithNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range conformance.All() {
		require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, c.Name)
		require.False(t, names[c.Name], c.Name)
		names[c.Name] = true
		named, found := conformance.Named(c.Name)
		require.True(t, found)
		require.Equal(t, c.Name, named.Name)
		require.NotNil(t, c.Shows, "%s shows nothing", c.Name)
	}
	require.GreaterOrEqual(t, len(names), 24)
	_, found := conformance.Named("made-up")
	require.False(t, found)
}

// demo returns the connections file of the demo.
func demo(t *testing.T) map[string]map[string]map[string]any {
	t.Helper()
	text, err := examples.Demo.ReadFile("demo/connections.yaml")
	require.NoError(t, err)
	var file map[string]map[string]map[string]any
	require.NoError(t, yaml.Unmarshal(text, &file))
	return file
}

// connection returns the settings of the demo's connection for a configuration.
func connection(t *testing.T, c conformance.Configuration) config.HelloCharles {
	t.Helper()
	file := demo(t)
	connections := file["connections"]
	merged, err := c.Over(connections["charles-demo"])
	require.NoError(t, err)
	connections["charles-demo"] = merged
	text, err := yaml.Marshal(file)
	require.NoError(t, err)
	parsed, err := config.ParseConnections("connections.yaml", text)
	require.NoError(t, err, c.Name)
	return parsed.HelloCharles["charles-demo"]
}

func TestEveryConfigurationHasSettingsThatParse(t *testing.T) {
	t.Parallel()
	before := demo(t)
	for _, c := range conformance.All() {
		settings := connection(t, c)
		require.Equal(t, "zeotap", settings.SourceType)
	}
	require.Equal(t, before, demo(t))
	batch := connection(t, conformance.Configuration{Connection: `batch: {max_items: 7}`}).Batch
	require.Equal(t, 7, batch.MaxItems)
	require.Equal(t, "contacts", batch.Envelope, "what is not named stays")
	_, err := conformance.Configuration{Name: "x", Connection: "a: ["}.Over(nil)
	require.ErrorContains(t, err, "configuration x")
}
