package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestActivitiesWorkWithPostgreSQL(t *testing.T) { ledgertest.AgainOnPostgreSQL(t, ".") }

// openLedger opens an empty ledger that lives as long as the test.
func openLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledgertest.Address(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}
