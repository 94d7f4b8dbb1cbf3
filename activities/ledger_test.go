package activities

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

// openLedger opens an empty ledger that lives as long as the test.
func openLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}
