// Package ledgertest gives tests ledgers to work with, on either database.
package ledgertest

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the database driver "sqlite"
)

const (
	// serverVariable names a PostgreSQL server for tests, as
	// postgres://USER@HOST:PORT/DATABASE. Without it the tests start one of their
	// own, and are skipped if its programs are not installed; "required" makes that
	// a failure.
	serverVariable = "AUDIENCESYNC_TEST_POSTGRES"
	required       = "required"
	// ledgersVariable is set for a run of tests whose ledgers are in that server.
	ledgersVariable = "AUDIENCESYNC_TEST_LEDGERS"
)

// Address returns the address of a ledger that nobody has opened yet. It is
// gone after the test.
func Address(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(ledgersVariable)
	if server == "" {
		return SQLite(tb)
	}
	return newSchema(tb, server)
}

// SQLite is Address for tests of what only a ledger in a file has.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(tb.TempDir(), "ledger.db")
}

// PostgreSQL is Address for tests of what only a ledger in PostgreSQL has. They
// take part in AgainOnPostgreSQL.
func PostgreSQL(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(ledgersVariable)
	if server == "" {
		tb.Skip("a test of PostgreSQL alone: see the one that runs all on PostgreSQL")
	}
	return newSchema(tb, server)
}

// OnPostgreSQL reports whether the ledgers of Address are in PostgreSQL.
func OnPostgreSQL() bool { return os.Getenv(ledgersVariable) != "" }

// IsPostgreSQL reports whether an address is that of a ledger in PostgreSQL.
func IsPostgreSQL(address string) bool { return strings.HasPrefix(address, "postgres") }

func newSchema(tb testing.TB, server string) string {
	tb.Helper()
	at, err := url.Parse(server)
	require.NoError(tb, err, "%s is no address", serverVariable)
	schema := "test_" + strings.ToLower(rand.Text())
	query := at.Query()
	query.Set("search_path", schema)
	at.RawQuery = query.Encode()
	if !named() {
		return at.String() // The server goes with all its schemas.
	}
	tb.Cleanup(func() {
		db, err := sql.Open("pgx", server)
		require.NoError(tb, err)
		_, err = db.Exec(`DROP SCHEMA IF EXISTS ` + schema + ` CASCADE`) //nolint:noctx // The test's context is over.
		require.NoError(tb, err)
		require.NoError(tb, db.Close())
	})
	return at.String()
}

// SQL opens the tables of a ledger, to look at them or to change them behind its
// back.
func SQL(tb testing.TB, address string) *sql.DB {
	tb.Helper()
	driver, source := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(30000)&_pragma=synchronous(OFF)"
	}
	db, err := sql.Open(driver, source)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

// AgainOnPostgreSQL runs tests of the caller's package once more, those with a
// name that matches, with every ledger of Address in PostgreSQL. It is skipped
// where there is none.
func AgainOnPostgreSQL(t *testing.T, names string) {
	t.Helper()
	if OnPostgreSQL() {
		t.Skip("these are the tests on PostgreSQL")
	}
	program, err := os.Executable()
	require.NoError(t, err)
	flags := []string{"-test.count=1", "-test.v", "-test.run=" + names, "-test.skip=^" + t.Name() + "$"}
	if testing.Short() {
		flags = append(flags, "-test.short")
	}
	if end, ok := t.Deadline(); ok {
		flags = append(flags, "-test.timeout="+time.Until(end.Add(-time.Second)).String())
	}
	again := exec.CommandContext(t.Context(), program, flags...)
	again.Env = append(os.Environ(), ledgersVariable+"="+server(t))
	output, err := again.CombinedOutput()
	if err != nil {
		t.Fatalf("on PostgreSQL: %v\n%s", err, withoutPassed(output))
	}
	passed := bytes.Count(output, []byte("\n--- PASS: "))
	require.Positive(t, passed, "tests ran")
	t.Logf("%d tests passed on PostgreSQL", passed)
}

// withoutPassed leaves out what is said of tests that start or pass.
func withoutPassed(output []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(output) {
		word := bytes.TrimSpace(line)
		if !bytes.HasPrefix(word, []byte("=== ")) && !bytes.HasPrefix(word, []byte("--- PASS: ")) {
			rest = append(rest, line...)
		}
	}
	return rest
}
