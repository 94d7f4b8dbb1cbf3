package config_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestTheSyncOfTheProofDocumentIsReadAndItsDefaultsAreTrue(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/proof.md")
	require.NoError(t, err)
	text := string(raw)
	blocks := regexp.MustCompile("(?s)```yaml sync\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.Len(t, blocks, 1)
	spec, err := config.ParseSync("sync.yaml", []byte(`
sync: spring
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
marker: {tag: spring}
`+blocks[0][1]))
	require.NoError(t, err)
	standard := config.DefaultSync().Verification
	require.Equal(t, standard.Compare, spec.Verification.Compare)
	require.Equal(t, standard.Repair, spec.Verification.Repair)
	require.Equal(t, standard.Sample, spec.Verification.Sample)
	require.Contains(t, text, "reads `sample` ("+strconv.Itoa(standard.Sample)+") contacts back")
	require.Contains(t, text, "| `"+string(standard.Compare)+"` (default) |")
	for _, choice := range config.CompareAlways.Choices() {
		require.Contains(t, text, "| `"+choice+"`")
	}
	require.Contains(t, text, "every `poll` ("+standard.Poll.String()+")")
	require.Contains(t, text, "for `max_lag` ("+standard.MaxLag.String()+")")
	require.Contains(t, text, "`deadline` ("+standard.Deadline.String()+")")
}
