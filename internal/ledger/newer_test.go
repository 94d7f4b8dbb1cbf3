package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestALedgerOfANewerProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	_, version := l.Version()
	_, err := ledgertest.SQL(t, address).ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	require.NoError(t, err)

	_, err = ledger.Open(t.Context(), address)
	var newer *ledger.NewerError
	require.ErrorAs(t, err, &newer)
	require.Equal(t, ledger.NewerError{Has: 99, Knows: version}, *newer)
	require.ErrorContains(t, err, "its tables are of version 99, and this program knows them up to version 1: a newer audiencesync has opened it; use that one, or a backup made before")
	require.NoError(t, l.CheckOpening(t.Context(), opening("a")), "whoever has opened it before goes on")
}
