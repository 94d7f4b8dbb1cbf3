package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/devservertest"
)

// completed is what the shell is offered after some words, and what it is told besides.
func completed(t *testing.T, words ...string) (offered []string, told string) {
	t.Helper()
	got := call(t, append([]string{"__complete"}, words...)...)
	require.Zero(t, got.code, got.stderr)
	lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
	return lines[:len(lines)-1], lines[len(lines)-1]
}

const (
	nothingElse = ":4"  // no files
	filesEndIn  = ":8"  // files that end so
	foldersOnly = ":16" // folders
	inOrder     = ":36" // no files, in this order
)

func TestTheShellIsOfferedFilesOfSyncsAndConnections(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{
		{"run", ""}, {"check", ""}, {"schedule", "create", ""}, {"try", ""}, {"ledger", "rebuild", "one.yaml", ""}, {"up", "--connections", ""}, {"simulate", "--faults", ""},
	} {
		offered, told := completed(t, words...)
		require.Equal(t, []string{"yaml", "yml"}, offered, words)
		require.Equal(t, filesEndIn, told, words)
	}
	offered, told := completed(t, "run", "one.yaml", "")
	require.Empty(t, offered)
	require.Equal(t, nothingElse, told)
	_, told = completed(t, "up", "--dir", "")
	require.Equal(t, foldersOnly, told)
}

func TestTheShellIsOfferedFormsOfResults(t *testing.T) {
	t.Parallel()
	offered, told := completed(t, "status", "--output", "")
	require.Equal(t, []string{"table", "json"}, offered)
	require.Equal(t, nothingElse, told)
	offered, _ = completed(t, "failures", "-o", "")
	require.Equal(t, []string{"table", "json", "csv"}, offered)
}

func TestTheShellIsOfferedSyncsAndRunsOfTheLedger(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	book := "sqlite:" + d.file("ledger.db")
	for _, verb := range []string{"failures", "report", "history", "differences", "retry-failures"} {
		offered, told := completed(t, verb, "--ledger", book, "")
		require.Equal(t, []string{"demo"}, offered, verb)
		require.Equal(t, nothingElse, told)
	}
	for _, verb := range []string{"failures", "report", "differences"} {
		offered, told := completed(t, verb, "demo", "--ledger", book, "--run", "")
		require.Equal(t, []string{"1"}, offered, verb)
		require.Equal(t, inOrder, told)
	}
	offered, _ := completed(t, "report", "nobody", "--ledger", book, "--run", "")
	require.Empty(t, offered)
	offered, _ = completed(t, "report", "demo", "--ledger", "sqlite:"+d.file("none.db"), "--run", "")
	require.Empty(t, offered)
	offered, _ = completed(t, "failures", "--ledger", "sqlite:"+d.file("none.db"), "")
	require.Empty(t, offered, "where nothing is known nothing is offered")
	require.NoFileExists(t, d.file("none.db"), "looking makes no ledger")
}

func TestTheShellIsOfferedSyncsThatTemporalKnows(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	run := o.start(t, http.StatusUnprocessableEntity)
	require.Zero(t, o.tell(t, "schedule", "create", o.file("sync.yaml"), "--every", "24h").code)
	for _, verb := range []string{"status", "approve", "cancel"} {
		offered, told := completed(t, verb, "--address", devservertest.ForTest(t).Address(), "--namespace", o.namespace, "")
		require.Equal(t, []string{"demo"}, offered, verb)
		require.Equal(t, nothingElse, told)
	}
	require.Zero(t, o.order(t, "decline").code)
	o.end(t, run)
}

func TestTheShellIsOfferedConnections(t *testing.T) {
	t.Setenv(connectionsVariable, "")
	offered, told := completed(t, "limits", "")
	require.Empty(t, offered)
	require.Equal(t, nothingElse, told)
	d := newDesk(t)
	t.Setenv(connectionsVariable, d.file("connections.yaml"))
	offered, _ = completed(t, "limits", "")
	require.Equal(t, []string{"charles-demo"}, offered)
	offered, _ = completed(t, "limits", "charles-demo", "")
	require.Empty(t, offered)
	offered, _ = completed(t, "notify", "test", "")
	require.Empty(t, offered, "there is no receiver")
}

func TestAServerThatDoesNotAnswerIsNoMatterOfTheShell(t *testing.T) {
	t.Parallel()
	got := call(t, "__complete", "status", "--address", "127.0.0.1:1", "")
	require.Zero(t, got.code)
	require.Equal(t, ":4\n", got.stdout)
}
