package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestEveryExampleLoads(t *testing.T) {
	t.Parallel()
	found := examples(t)
	require.NotEmpty(t, found)
	for _, path := range found {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(raw), "\n")
		schema, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		require.True(t, ok, "%s must name its schema in the first line", path)
		require.FileExists(t, filepath.Join(filepath.Dir(path), schema))

		if strings.Contains(filepath.Base(path), "connections") {
			_, err = config.LoadConnections(path)
		} else {
			_, err = config.LoadSync(path)
		}
		require.NoError(t, err)
	}
}

func TestTheConnectionsOfEachExampleSyncStandBesideIt(t *testing.T) {
	t.Parallel()
	for _, path := range examples(t) {
		if strings.Contains(filepath.Base(path), "connections") {
			continue
		}
		sync, err := config.LoadSync(path)
		require.NoError(t, err)
		connections, err := config.LoadConnections(filepath.Join(filepath.Dir(path), "connections.yaml"))
		require.NoError(t, err)

		_, err = connections.Source(sync.Source)
		require.NoError(t, err, path)
		_, err = connections.Charles(sync.Destination)
		require.NoError(t, err, path)
	}
}

func TestTheExampleSyncsHaveTheirOwnNames(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, path := range examples(t) {
		if strings.Contains(filepath.Base(path), "connections") {
			continue
		}
		sync, err := config.LoadSync(path)
		require.NoError(t, err)
		require.Empty(t, names[sync.Sync], path)
		names[sync.Sync] = path
	}
}

func examples(tb testing.TB) []string {
	tb.Helper()
	var found []string
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		paths, err := filepath.Glob("../../examples/" + pattern)
		require.NoError(tb, err)
		found = append(found, paths...)
	}
	return found
}

func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
