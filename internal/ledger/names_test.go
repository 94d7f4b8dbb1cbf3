package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestNamesOfSyncsAndNumbersOfRunsAreListed(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	_, err := ledger.SyncNames(t.Context(), address)
	require.Error(t, err, "looking at a ledger makes no tables")
	l, err := ledger.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	names, err := ledger.SyncNames(t.Context(), address)
	require.NoError(t, err)
	require.Empty(t, names)
	sync := openRun(t, l, "one").Sync
	openRun(t, l, "two")
	names, err = ledger.SyncNames(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, []string{sync}, names)
	numbers, err := ledger.RunNumbers(t.Context(), address, sync)
	require.NoError(t, err)
	require.Equal(t, []int64{2, 1}, numbers)
	numbers, err = ledger.RunNumbers(t.Context(), address, "nobody")
	require.NoError(t, err)
	require.Empty(t, numbers)
}
