package config_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestTheSyncOfTheWebUIDocumentIsReadAndItsDefaultIsTrue(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/web-ui.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml sync\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	require.Len(t, blocks, 1)
	spec, err := config.ParseSync("sync.yaml", []byte(minimalSync+blocks[0][1]))
	require.NoError(t, err)
	require.Equal(t, config.Duration(30*time.Minute), spec.Limits.StalledAfter)
	require.Contains(t, string(raw), "`limits.stalled_after` ("+config.DefaultSync().Limits.StalledAfter.String()+"; `0s` is never)")
}

func TestAStandstillIsNotToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.ParseSync("sync.yaml", []byte(minimalSync+"limits: {stalled_after: 5s}\n"))
	require.ErrorContains(t, err, "limits.stalled_after: expected at least 1m, or 0s for never")
	never, err := config.ParseSync("sync.yaml", []byte(minimalSync+"limits: {stalled_after: 0s}\n"))
	require.NoError(t, err)
	require.Zero(t, never.Limits.StalledAfter)
}
