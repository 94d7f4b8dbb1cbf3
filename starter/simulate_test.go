package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/conformance"
)

func none(string) bool { return false }

func TestPresetsAreListedAsYAML(t *testing.T) {
	t.Parallel()
	got := call(t, "simulate", "presets")
	require.Zero(t, got.code)
	var listed map[string]map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(got.stdout), &listed))
	require.Len(t, listed, len(conformance.All()))
	require.Equal(t, map[string]any{"batch": map[string]any{"reply": "errors"}}, listed["errors-by-reference"])
}

func TestPresetsAndDropsAreToldAsJSON(t *testing.T) {
	t.Parallel()
	var listed map[string]map[string]any
	got := call(t, "simulate", "presets", "-o", "json")
	require.Zero(t, got.code, got.stderr)
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &listed))
	require.Len(t, listed, len(conformance.All()))
	require.Equal(t, map[string]any{"batch": map[string]any{"reply": "errors"}}, listed["errors-by-reference"])

	drop := filepath.Join(t.TempDir(), "drop")
	got = call(t, "simulate", "export", drop, "--members", "3", "-o", "json")
	require.Zero(t, got.code, got.stderr)
	require.JSONEq(t, `{"members": 3, "folder": "`+drop+`"}`, got.stdout)
	require.DirExists(t, drop)
	taken := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(taken, nil, 0o600))
	require.Equal(t, exitFailed, call(t, "simulate", "export", taken, "--members", "3").code)
}

func TestAPresetSetsTheWorkspace(t *testing.T) {
	t.Parallel()
	got, err := simulated(simulateFlags{preset: "items-by-index", members: 7, seed: 3}, none)
	require.NoError(t, err)
	require.Equal(t, simulator.ItemsByIndex, got.Charles.Batch.Items.Shape)
	require.NotEmpty(t, got.Faults.Refuse)
	require.EqualValues(t, 7, got.Zeotap.Members)
	require.EqualValues(t, 3, got.Zeotap.Seed)
	wrong := call(t, "simulate", "--preset", "made-up")
	require.Equal(t, exitUsage, wrong.code)
	require.Contains(t, wrong.stderr, "simulate presets lists them")
	require.Equal(t, exitUsage, call(t, "simulate", "--preset", "items", "--config", "x").code)
}

func TestAFileSetsTheVendorsAndFlagsComeFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options, plan := filepath.Join(dir, "options.yaml"), filepath.Join(dir, "faults.yaml")
	require.NoError(t, os.WriteFile(options, []byte("zeotap: {members: 12}\ncharles: {replace_tags: true}\nfaults: {seed: 1}\n"), 0o600))
	require.NoError(t, os.WriteFile(plan, []byte("seed: 2\n"), 0o600))
	flags := simulateFlags{config: options, faults: plan, members: 100, seed: 1}
	got, err := simulated(flags, none)
	require.NoError(t, err)
	require.EqualValues(t, 12, got.Zeotap.Members)
	require.EqualValues(t, 2, got.Faults.Seed)
	require.True(t, got.Charles.ReplaceTags)
	got, err = simulated(flags, func(flag string) bool { return flag == "members" })
	require.NoError(t, err)
	require.EqualValues(t, 100, got.Zeotap.Members)
	require.Equal(t, exitUsage, call(t, "simulate", "--config", filepath.Join(dir, "none.yaml")).code)
}
