package config_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

// Any file either parses, and then survives JSON, or gives problems of one line
// each with a place in the file. Nothing panics.
func FuzzParseSync(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		sync, err := config.ParseSync("f.yaml", raw)
		if err != nil {
			requireProblems(t, raw, err)
			return
		}
		encoded, err := json.Marshal(sync)
		require.NoError(t, err)
		var again config.Sync
		require.NoError(t, json.Unmarshal(encoded, &again))
		require.Equal(t, sync, again)
	})
}

func FuzzParseConnections(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		connections, err := config.ParseConnections("f.yaml", raw)
		if err != nil {
			requireProblems(t, raw, err)
			return
		}
		require.NotEmpty(t, connections.Names())
	})
}

func addSeeds(f *testing.F) {
	f.Helper()
	for _, path := range append(examples(f), "testdata/sync.yaml", "testdata/connections.yaml") {
		raw, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(raw)
	}
	for _, file := range []string{
		minimalSync, minimalConnections, "", "\ufeff", "a: &a [*a]", "<<: *a", "? - a\n: b", "a: |\n  b\n  c\n", "%YAML 1.2\n---\n", "connections: {a: {kind: hello-charles}}",
		"sync: !!binary aGk=\n", "{a: {b: {c: [1, 2.5, .nan, true, ~]}}}", "a:\r\n  b: 1\r\n", "- - - -", "\"\\u0000\": x", "a: \"\\ud800\"",
	} {
		f.Add([]byte(file))
	}
}

func requireProblems(t *testing.T, raw []byte, err error) {
	t.Helper()
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	require.NotEmpty(t, problems)
	lines := strings.Count(string(raw), "\n") + 1
	for _, problem := range problems {
		require.NotContains(t, problem.String(), "\n")
		require.NotEmpty(t, problem.Text)
		require.GreaterOrEqual(t, problem.Column, 1)
		require.GreaterOrEqual(t, problem.Line, 1)
		require.LessOrEqual(t, problem.Line, lines)
	}
}
