package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

// The files below testdata hold a mistake in almost every line; beside each
// stands the text that a person gets to see.
func TestEveryProblemOfAFileIsReportedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, parse := range map[string]func(string, []byte) error{
		"sync.yaml":        syncError,
		"connections.yaml": connectionsError,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile("testdata/" + name)
			require.NoError(t, err)
			expected, err := os.ReadFile("testdata/" + strings.TrimSuffix(name, ".yaml") + ".problems.txt")
			require.NoError(t, err)

			err = parse(name, raw)

			require.EqualError(t, err, strings.TrimSuffix(string(expected), "\n"))
			var problems config.Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, problems, strings.Count(string(expected), "\n"))
		})
	}
}

func TestProblemsCarryFileLineColumnAndPath(t *testing.T) {
	t.Parallel()
	_, err := config.ParseSync("sync.yaml", []byte(minimalSync+"mapping:\n  frist_name: first_name\n"))

	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	require.Equal(t, config.Problems{{
		File: "sync.yaml", Line: 8, Column: 3, Path: "mapping.frist_name", Text: `unknown key; did you mean "first_name"?`,
	}}, problems)
}

// Columns count characters, as editors do, not bytes.
func TestPlacesAreRightBesideOtherScriptsCommentsAndWindowsLineEnds(t *testing.T) {
	t.Parallel()
	file := "\ufeff# комментарий\r\n\r\n" + strings.ReplaceAll(minimalSync, "\n", "\r\n") +
		"mapping: {properties: {\"город\": {from: 'Zürich', kind: x, type: string}}} # 都市\r\n"

	require.EqualError(t, syncError("sync.yaml", []byte(file)),
		`sync.yaml:9:50: mapping.properties."город".kind: unknown key; expected one of "type", "from", "first_of", "value", "template", "list", "separator", "audience", "format", "time_zone", "decimal_comma", "true" or further ones (see the schema)`)
}

func syncError(name string, raw []byte) error {
	_, err := config.ParseSync(name, raw)
	return err
}

func connectionsError(name string, raw []byte) error {
	_, err := config.ParseConnections(name, raw)
	return err
}
