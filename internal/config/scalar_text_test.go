package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/config"
)

func TestADurationIsTextWithAUnit(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]time.Duration{
		"0s": 0, "100ms": 100 * time.Millisecond, "90s": 90 * time.Second, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
	} {
		var duration config.Duration
		require.NoError(t, duration.UnmarshalText([]byte(text)))
		require.Equal(t, expected, duration.D())
	}
	for _, text := range []string{"", "90", "1.5", "-5s", "+5s", "5 s", "1d", "soon", "1e3s"} {
		var duration config.Duration
		require.Error(t, duration.UnmarshalText([]byte(text)), text)
	}
}

func TestADurationIsWrittenShort(t *testing.T) {
	t.Parallel()
	for expected, duration := range map[string]time.Duration{
		"0s": 0, "5s": 5 * time.Second, "1m30s": 90 * time.Second, "15m": 15 * time.Minute, "2h": 2 * time.Hour, "1h0m5s": time.Hour + 5*time.Second, "10m": 10 * time.Minute,
	} {
		require.Equal(t, expected, config.Duration(duration).String())
	}
}

func TestAShareIsAPercentageOrANumberUpToOne(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]config.Share{
		"0": 0, "0%": 0, "2%": 0.02, "0.02": 0.02, "0.7%": 0.007, "33.3 %": 0.333, "1": 1, "100%": 1, ".5": 0.5,
	} {
		var share config.Share
		require.NoError(t, share.UnmarshalText([]byte(text)))
		require.InDelta(t, float64(expected), float64(share), 0, text)
	}
	for _, text := range []string{"", "%", "2", "101%", "-1%", "-0", "1e-2", "0x1p-2", "NaN", "inf", "a half"} {
		var share config.Share
		require.Error(t, share.UnmarshalText([]byte(text)), text)
	}
}

func TestAShareIsShownInPercent(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2%", config.Share(0.02).String())
	require.Equal(t, "0.7%", config.Share(0.007).String())
	require.Equal(t, "100%", config.Share(1).String())
	require.Equal(t, "0%", config.Share(0).String())
}

func TestACredentialReferenceIsNeverTheCredential(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"env:KEY", "env:_key_2", "file:demo.key", "file:/run/secrets/key", "file:../a b"} {
		var reference config.CredentialRef
		require.NoError(t, reference.UnmarshalText([]byte(text)))
		require.Equal(t, config.CredentialRef(text), reference)
	}
	for _, text := range []string{"", "hunter2", "env:", "env:2", "env:hunter-2", "file:", "file:a\nb", "vault:hunter2", "Env:hunter2", " env:hunter2"} {
		var reference config.CredentialRef
		err := reference.UnmarshalText([]byte(text))
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hunter")
		require.Empty(t, reference)
	}
}

func TestScalarsSurviveJSONAndYAML(t *testing.T) {
	t.Parallel()
	type scalars struct {
		Duration config.Duration `json:"duration" yaml:"duration"`
		Share    config.Share    `json:"share" yaml:"share"`
	}
	rapid.Check(t, func(t *rapid.T) {
		before := scalars{
			Duration: config.Duration(rapid.Int64Min(0).Draw(t, "duration")),
			Share:    config.Share(rapid.Float64Range(0, 1).Draw(t, "share")),
		}

		raw, err := json.Marshal(before)
		require.NoError(t, err)
		var after scalars
		require.NoError(t, json.Unmarshal(raw, &after))
		require.Equal(t, before, after)
	})

	raw, err := yaml.Marshal(scalars{config.Duration(90 * time.Second), 0.02})
	require.NoError(t, err)
	require.YAMLEq(t, "duration: 1m30s\nshare: 0.02\n", string(raw))
	var after scalars
	require.NoError(t, yaml.Unmarshal([]byte("duration: 90s\nshare: 2%\n"), &after))
	require.Equal(t, scalars{config.Duration(90 * time.Second), 0.02}, after)
}

func TestJSONIsCheckedToo(t *testing.T) {
	t.Parallel()
	var sync config.Sync
	for _, raw := range []string{
		`{"verification":{"poll":5}}`, `{"verification":{"poll":"5"}}`, `{"accept":{"invalid":2}}`, `{"accept":{"invalid":"2%"}}`,
	} {
		require.Error(t, json.Unmarshal([]byte(raw), &sync), raw)
	}
}
