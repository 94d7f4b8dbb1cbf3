package ledgertest

import (
	"bytes"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startWithin is how long a server may take to start.
const startWithin = time.Minute

// named reports whether the server is one that was there before the tests.
func named() bool {
	given := os.Getenv(serverVariable)
	return given != "" && given != required
}

// server returns the address of a PostgreSQL server, which may be one for this
// test alone.
func server(tb testing.TB) string {
	tb.Helper()
	wanted := os.Getenv(serverVariable)
	if named() {
		return wanted
	}
	programs, err := findPrograms()
	if err != nil && wanted == required {
		tb.Fatalf("%s is %q: %v", serverVariable, required, err)
	}
	if err != nil {
		tb.Skipf("SKIPPED, so nothing here was tested on PostgreSQL: %v; install it, or name a server in %s", err, serverVariable)
	}
	return start(tb, programs)
}

// findPrograms returns the folder of PostgreSQL's programs: that of PATH, or
// where Debian puts the newest.
func findPrograms() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if _, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // The pattern is valid.
	if len(found) == 0 {
		return "", errors.New("initdb and postgres are not installed")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// start starts a server that listens on a socket in a folder of its own, and
// ends with the test, or with this process if that dies.
func start(tb testing.TB, programs string) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "audiencesync-postgres-") //nolint:usetesting // The server's user could not get into tb.TempDir.
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, os.RemoveAll(dir)) })
	as := serverUser(tb, dir)
	data := filepath.Join(dir, "data")
	initialize := exec.CommandContext(tb.Context(), filepath.Join(programs, "initdb"),
		"--pgdata", data, "--username=test", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
	initialize.SysProcAttr, initialize.Dir = &syscall.SysProcAttr{Credential: as}, dir
	output, err := initialize.CombinedOutput()
	require.NoError(tb, err, "%s", output)

	// The shell ends the server when its own input ends, which it does with us.
	run := exec.Command("/bin/sh", "-c", `"$@" </dev/null & read -r _; kill -INT $!; wait $!`, "sh", //nolint:noctx // It outlives the test's context.
		filepath.Join(programs, "postgres"), "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0",
		"-c", "autovacuum=off", "-c", "jit=off", "-c", "max_connections=300", "-c", "shared_buffers=64MB")
	run.SysProcAttr, run.Dir = &syscall.SysProcAttr{Credential: as, Setpgid: true}, dir
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	held, err := run.StdinPipe()
	require.NoError(tb, err)
	require.NoError(tb, run.Start())
	tb.Cleanup(func() {
		require.NoError(tb, held.Close())
		require.NoError(tb, run.Wait(), "%s", &said)
	})
	address := "postgres://test@/postgres?" + url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode()
	waitUntilItAnswers(tb, address)
	return address
}

// serverUser is whom the server runs as, because it refuses to run as root, and
// gives the folder to that user. Nil is whoever runs the tests.
func serverUser(tb testing.TB, dir string) *syscall.Credential {
	tb.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	require.NoError(tb, err)
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	require.NoError(tb, err)
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	require.NoError(tb, err)
	require.NoError(tb, os.Chown(dir, int(uid), int(gid)))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func waitUntilItAnswers(tb testing.TB, address string) {
	tb.Helper()
	db, err := sql.Open("pgx", address)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, db.Close()) }()
	require.Eventually(tb, func() bool { return db.PingContext(tb.Context()) == nil }, startWithin, 50*time.Millisecond)
}
