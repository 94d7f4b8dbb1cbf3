package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// onTerminal runs the command line for a person who sits at a terminal.
func onTerminal(t *testing.T, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, persons: func(io.Writer) bool { return true }}
	return a.callFor(t.Context(), t, &stdout, &stderr, args)
}

// These set the environment, so they do not run beside others.

func TestAnErrorIsRedOnATerminalUnlessNoColoursAreWanted(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	const said = `error: unknown command "sink" for "audiencesync"; see: audiencesync --help`
	require.Equal(t, red+said+plain+"\n", onTerminal(t, "sink").stderr)
	require.Equal(t, "error: unknown command \"sink\" for \"audiencesync\"; see: audiencesync --help\n", call(t, "sink").stderr, "a file is no terminal")
	require.NotContains(t, onTerminal(t, "status", "demo", "-o", "xml", "--no-color").stderr, "\x1b")
	t.Setenv("TERM", "dumb")
	require.NotContains(t, onTerminal(t, "sink").stderr, "\x1b")
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	require.NotContains(t, onTerminal(t, "sink").stderr, "\x1b")
}

func TestAResultIsInColourAsATableOnly(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	var text bytes.Buffer
	a := &app{stdout: &text, persons: func(io.Writer) bool { return true }}
	a.stdout = a.inColour(a.stdout)
	require.NoError(t, a.printReport(&audience.Report{Verdict: audience.Unexplained, Summary: "90 are missing."}))
	require.Contains(t, text.String(), "\n"+red+"verdict: unexplained")
	require.Contains(t, text.String(), "\n90 are missing.\n", "everything else is plain")

	d := newDesk(t)
	listed := onTerminal(t, "ledger", "check", "--ledger", "sqlite:"+d.file("ledger.db"), "-o", "json")
	require.Equal(t, answer{stdout: "[]\n"}, listed)
}

func TestOnlyWholeLinesThatBeginSoAreInColour(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	n, err := painter{&text}.Write([]byte("note: a\n note: b\nverdict: explained, outside\nproblem: cut"))
	require.NoError(t, err)
	require.Equal(t, 57, n)
	require.Equal(t, yellow+"note: a"+plain+"\n note: b\n"+green+"verdict: explained, outside"+plain+"\nproblem: cut", text.String())
}

func TestWhoWantsQuietGetsResultsAndErrorsOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	drop := filepath.Join(t.TempDir(), "drop")
	require.Equal(t, answer{stdout: "wrote 3 members to " + drop + "\n"}, call(t, "simulate", "export", drop, "--members", "3", "--quiet"))

	tried := d.call(t, "try", "--limit", "1", "--dry-run", "--quiet")
	require.Zero(t, tried.code)
	require.Empty(t, tried.stderr)
	require.NotEmpty(t, tried.stdout)
	d.edit(t, "sync.yaml", "tags: [zeotap]", "tags: [zeotop]")
	refused := d.call(t, "try", "--limit", "1", "--quiet")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, `problem: tag "zeotop" does not exist`)
	require.Contains(t, refused.stderr, "error: sync demo cannot run as it is")

	both := call(t, "list", "--quiet", "--verbose")
	require.Equal(t, exitUsage, both.code)
	require.Contains(t, both.stderr, "[quiet verbose] were all set; see: audiencesync list --help")
}

func TestARunThatIsWatchedQuietlyPrintsItsReportOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ran := o.tell(t, "run", o.file("sync.yaml"), "--quiet")
	require.Zero(t, ran.code, ran.stderr)
	require.Empty(t, ran.stderr)
	require.Contains(t, ran.stdout, "verdict: explained")
}
