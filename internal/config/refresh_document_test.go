package config_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func refreshDocument(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/refresh.md")
	require.NoError(t, err)
	return string(text)
}

func TestTheSyncsOfTheRefreshDocumentAreRead(t *testing.T) {
	t.Parallel()
	const base = `
sync: spring
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
`
	blocks := regexp.MustCompile("(?s)```yaml sync\n(.*?)```").FindAllStringSubmatch(refreshDocument(t), -1)
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		text := base + block[1]
		if !strings.Contains(text, "marker:") {
			text += "marker: {property: p, member: member, left: left}\n"
		}
		spec, err := config.ParseSync("sync.yaml", []byte(text))
		require.NoError(t, err)
		require.NotEqual(t, config.DefaultSync().Gate == spec.Gate, spec.Mode == config.ModeAdd, "each shows what it is about")
	}
}

func TestTheRefreshDocumentNamesEverySettingOfTheGateWithItsDefault(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile("(?m)^\\| `gate\\.([a-z_]+)` \\| .* \\| `(?:share: )?([^`]+)`.* \\|$").FindAllStringSubmatch(refreshDocument(t), -1)
	told := map[string]string{}
	for _, row := range rows {
		told[row[1]] = row[2]
	}
	gate := config.DefaultSync().Gate
	require.Equal(t, map[string]string{
		"leavers": percent(gate.Leavers), "joiners": percent(gate.Joiners), "changes": percent(gate.Changes),
		"empty_audience": string(gate.EmptyAudience), "unfilled": string(gate.Unfilled), "first_run": string(gate.FirstRun), "scheduled": string(gate.Scheduled),
		"keep_for": strings.TrimSuffix(gate.KeepFor.D().Round(time.Minute).String(), "0m0s"),
	}, told)
	text, err := json.Marshal(gate)
	require.NoError(t, err)
	var keys map[string]any
	require.NoError(t, json.Unmarshal(text, &keys))
	for key := range keys {
		require.Contains(t, told, key)
	}
	require.Contains(t, refreshDocument(t), "no more than so many contacts, 10 at first")
	for _, limit := range []config.GateLimit{gate.Leavers, gate.Joiners, gate.Changes} {
		require.Equal(t, 10, limit.Floor)
		require.Zero(t, limit.Number)
	}
}

func percent(limit config.GateLimit) string {
	text, _ := json.Marshal(100 * float64(limit.Share)) // a number
	return string(text) + "%"
}
