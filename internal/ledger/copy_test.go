package ledger_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestALedgerThatWasMovedToPostgreSQLGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	from, to := ledgertest.SQLite(t), ledgertest.PostgreSQL(t)
	old := busyLedger(t, from)
	copied, err := old.CopyTo(t.Context(), openWith(t, to))
	require.NoError(t, err)
	there := ledgertest.SQL(t, to)
	before := contents(t, ledgertest.SQL(t, from))
	require.Len(t, copied, len(before))
	for _, c := range copied {
		require.Len(t, before[c.Table], int(c.Rows), c.Table)
	}
	require.Equal(t, before, contents(t, there))

	l := openWith(t, to, ledger.WithFailureKey(secret))
	require.Equal(t, old.ID(), l.ID())
	require.Equal(t, old.Key(), l.Key())
	findings, err := l.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, findings)
	for failure, err := range l.Failures(t.Context(), ledger.FailureQuery{Sync: "spring", Run: 1}) {
		require.NoError(t, err)
		raw, err := failure.Raw()
		require.NoError(t, err)
		require.Equal(t, "Zoë", raw["first_name"])
		require.Equal(t, "no\ufffdthing \\u0000", failure.Message)
	}
	// The run that was under way goes on, and new rows get new ids.
	ref := ledger.RunRef{Sync: "spring", Run: 2, Epoch: 2}
	_, err = settle(t, l, ref, 3, all(audience.Created, 10))
	require.NoError(t, err)
	read(t, l, openRun(t, l, "c"), members(0, 60, "v2"))

	_, err = old.CopyTo(t.Context(), l)
	require.ErrorContains(t, err, "the target has runs already")
}

// contents returns the rows of all tables, as text and sorted.
func contents(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for table := range columns(t, db) {
		all[table] = rowsOf(t, db, table)
	}
	return all
}

func rowsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT * FROM `+table)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(t, err)
	all := []string{}
	for rows.Next() {
		row, places := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			places[i] = &row[i]
		}
		require.NoError(t, rows.Scan(places...))
		all = append(all, fmt.Sprintf("%v", row))
	}
	require.NoError(t, rows.Err())
	slices.Sort(all)
	return all
}

// columns returns the names of each table's columns, in their order.
func columns(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	query := `SELECT tables.name, columns.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
		WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' AND tables.name NOT LIKE 'goose_%' ORDER BY tables.name, columns.cid`
	if strings.Contains(fmt.Sprintf("%T", db.Driver()), "stdlib") {
		query = `SELECT table_name, column_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose_%' ORDER BY table_name, ordinal_position`
	}
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	all := map[string]string{}
	for rows.Next() {
		var table, column string
		require.NoError(t, rows.Scan(&table, &column))
		all[table] += column + " "
	}
	require.NoError(t, rows.Err())
	return all
}

func TestBothDatabasesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	postgres, file := ledgertest.PostgreSQL(t), ledgertest.SQLite(t)
	for _, address := range []string{postgres, file} {
		openWith(t, address)
	}
	require.Equal(t, columns(t, ledgertest.SQL(t, file)), columns(t, ledgertest.SQL(t, postgres)), "a migration of one of them is missing")
}
