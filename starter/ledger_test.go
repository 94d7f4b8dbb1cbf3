package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestLedgerCommandsWorkWithPostgreSQL(t *testing.T) {
	ledgertest.AgainOnPostgreSQL(t, "^TestLedger")
}

func TestLedgerMigrateSaysWhatItDid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	done := call(t, "ledger", "migrate", "--ledger", "sqlite:"+d.file("ledger.db"))
	require.Equal(t, answer{stdout: "the ledger's tables are up to date: version 1\n"}, done)
	missing := call(t, "ledger", "migrate", "--ledger", "sqlite:"+d.file("nobody.db"))
	require.Equal(t, exitUsage, missing.code)
	require.Contains(t, missing.stderr, "there is no ledger at ")
	require.NoFileExists(t, d.file("nobody.db"))
}

func TestLedgerMigrateMovesALedger(t *testing.T) {
	t.Parallel()
	to := ledgertest.PostgreSQL(t)
	d := newDesk(t)
	withFailure(t, d, "")
	from := "sqlite:" + d.file("ledger.db")
	moved := call(t, "ledger", "migrate", "--from", from, "--to", to, "-o", "json")
	require.Zero(t, moved.code, moved.stderr)
	var copied []ledger.CopiedTable
	require.NoError(t, json.Unmarshal([]byte(moved.stdout), &copied))
	require.Contains(t, copied, ledger.CopiedTable{Table: "contacts", Rows: 2})
	for _, command := range [][]string{{"failures", "demo"}, {"ledger", "export", "demo"}, {"ledger", "check"}} {
		want := call(t, append(command, "--ledger", from)...)
		require.Zero(t, want.code, want.stderr)
		require.Equal(t, want, call(t, append(command, "--ledger", to)...))
	}
	again := call(t, "ledger", "migrate", "--from", from, "--to", to)
	require.Equal(t, exitFailed, again.code)
	require.Contains(t, again.stderr, "the target has runs already")
}

func TestLedgerMigrateRefusesOtherDirections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says []string }{
		{[]string{"--from", "sqlite:a.db", "--to", "sqlite:b.db"}, []string{"--from sqlite:PATH --to postgres://"}},
		{[]string{"--from", "postgres://me:hunter2@a/b", "--to", "sqlite:b.db"}, []string{"--from sqlite:PATH --to postgres://"}},
		{[]string{"--from", "sqlite:nobody.db", "--to", "postgres://me:hunter2@a/b"}, []string{"there is no ledger at nobody.db"}},
		{[]string{"--from", "sqlite:a.db"}, []string{"[from to]"}},
	} {
		refused := call(t, append([]string{"ledger", "migrate"}, c.args...)...)
		require.Equal(t, exitUsage, refused.code, refused.stderr)
		for _, says := range c.says {
			require.Contains(t, refused.stderr, says)
		}
		require.NotContains(t, refused.stderr, "hunter2")
	}
}

func TestLedgerCheckFailsWithItsFindings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	address := "sqlite:" + d.file("ledger.db")
	require.Equal(t, answer{stdout: "nothing is wrong with the ledger\n"}, call(t, "ledger", "check", "--ledger", address))
	_, err := ledgertest.SQL(t, address).ExecContext(t.Context(), `UPDATE memberships SET marked = 2`)
	require.NoError(t, err)
	found := call(t, "ledger", "check", "--ledger", address)
	require.Equal(t, exitFailed, found.code)
	require.Empty(t, found.stderr)
	require.Contains(t, found.stdout, "1 memberships that are unknown and claim accepted content all the same\n  remedy: ")
	var listed []ledger.Finding
	require.NoError(t, json.Unmarshal([]byte(call(t, "ledger", "check", "--ledger", address, "-o", "json").stdout), &listed))
	require.Len(t, listed, 1)
}

func TestLedgerExportListsWhoIsMarked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	address := "sqlite:" + d.file("ledger.db")
	want := "reference,membership,accepted_run\nid-2,yes,1\n"
	require.Equal(t, answer{stdout: want}, call(t, "ledger", "export", "demo", "--ledger", address))
	require.Equal(t, answer{stdout: want}, call(t, "ledger", "export", "demo", "--ledger", address, "-o", "csv"))
	asJSON := call(t, "ledger", "export", "demo", "--ledger", address, "-o", "json")
	require.Equal(t, answer{stdout: "[\n  {\"reference\":\"id-2\",\"membership\":\"yes\",\"accepted_run\":1}\n]\n"}, asJSON)

	path := filepath.Join(t.TempDir(), "members.csv")
	written := call(t, "ledger", "export", "demo", "--ledger", address, "--file", path)
	require.Equal(t, answer{stderr: "demo: 1 contact in " + path + "\n"}, written)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, exitUsage, call(t, "ledger", "export", "demo", "--ledger", address, "--file", path).code, "it is there")

	other := filepath.Join(t.TempDir(), "other.csv")
	require.Equal(t, exitUsage, call(t, "ledger", "export", "nobody", "--ledger", address, "--file", other).code)
	for _, form := range []string{outputTable, outputJSON} {
		require.Empty(t, call(t, "ledger", "export", "nobody", "--ledger", address, "-o", form).stdout, "a part of a list looks like a whole one")
	}
	require.NoFileExists(t, other)
}
