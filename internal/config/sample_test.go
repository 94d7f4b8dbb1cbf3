package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestASampleIsFromNoneToAHundredMembers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 20, "verification: {sample: 0}": 0, "verification: {sample: 100}": 100} {
		sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+text+"\n"))
		require.NoError(t, err)
		require.Equal(t, want, sync.Verification.Sample)
	}
	for _, text := range []string{"101", "-1", "some"} {
		_, err := config.ParseSync("sync.yaml", []byte(minimalSync+"verification: {sample: "+text+"}\n"))
		require.ErrorContains(t, err, "verification.sample: expected ")
	}
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+"accept: {differing: 10%}\n"))
	require.NoError(t, err)
	require.InDelta(t, 0.1, float64(sync.Accept.Differing), 0)
}

func TestAPinnedSyncOfBeforeThereWereSamplesHasNone(t *testing.T) {
	t.Parallel()
	var sync config.Sync
	require.NoError(t, json.Unmarshal([]byte(`{"sync":"demo","verification":{"segment":"seg-984","compare":"always","repair":1,"poll":"5s"}}`), &sync))
	require.Zero(t, sync.Verification.Sample)

	sync.Verification.Sample = 20
	raw, err := json.Marshal(sync)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &sync))
	require.Equal(t, 20, sync.Verification.Sample)
}
