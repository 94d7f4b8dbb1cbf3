package endtoend

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/test/endtoend/programs"
)

// startDemo starts the demo with a folder of its own for temporary files.
func startDemo(t *testing.T, args ...string) (demo *programs.Program, temporary string) {
	t.Helper()
	logs, temporary := t.TempDir(), t.TempDir()
	demo = start(t, programs.Command{
		Name: "demo", Path: built.AudienceSync, Args: append([]string{"demo"}, args...), Logs: logs,
		Env: append(environment(logs), "TMPDIR="+temporary),
	})
	return demo, temporary
}

// One demo after the other: they like the same ports.
func TestTheDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()

	t.Run("when it ends by itself", func(t *testing.T) {
		demo, temporary := startDemo(t, "--members", "3000")
		ended := finish(t, demo)
		require.Zero(t, ended.code, ended.stderr)
		require.Contains(t, ended.stderr, "Temporal's web UI: http://127.0.0.1:")
		require.Contains(t, ended.stdout, "verdict: explained")
		require.Contains(t, ended.stdout, "2,949 of 3,000 are in the segment; 51 are not, for 6 reasons.")
		requireNothingLeft(t, demo, temporary)
		document, err := os.ReadFile("../../README.md")
		require.NoError(t, err)
		_, block, _ := strings.Cut(string(document), "<!-- demo-report -->\n```\n")
		block, _, _ = strings.Cut(block, "```")
		require.ElementsMatch(t, shapes(ended.stdout), shapes(block), "the README shows a demo of another size")
	})

	t.Run("when Ctrl-C ends it", func(t *testing.T) {
		demo, temporary := startDemo(t, "--members", "300000")
		require.Eventually(t, func() bool { return strings.Contains(demo.Stderr(), "read: ") }, startWithin, poll)
		require.NoError(t, demo.Signal(os.Interrupt))
		ended := finish(t, demo)
		require.Equal(t, 130, ended.code, ended.stderr)
		require.Contains(t, ended.stderr, "Stopping the demo; nothing of it stays.")
		requireNothingLeft(t, demo, temporary)
	})

	t.Run("no process when it is killed", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("only Linux can tie a process to its parent")
		}
		demo, temporary := startDemo(t, "--members", "300000")
		require.Eventually(t, func() bool { return strings.Contains(demo.Stderr(), "read: ") }, startWithin, poll)
		demo.Kill()
		require.Eventually(t, func() bool { return len(processesOf(t, temporary)) == 0 }, stopWithin, poll)
	})
}

// number is one in a report, however large.
var number = regexp.MustCompile(`[0-9][0-9,]*`)

// shapes are the lines of a report without its numbers, times and widths.
func shapes(report string) []string {
	var lines []string
	for line := range strings.Lines(report) {
		line, _, _ = strings.Cut(line, "as of")
		line, _, _ = strings.Cut(line, "  (")
		if line = number.ReplaceAllString(strings.Join(strings.Fields(line), " "), "N"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// requireNothingLeft makes sure that no file and no process of the demo is left.
func requireNothingLeft(t *testing.T, demo *programs.Program, temporary string) {
	t.Helper()
	entries, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, entries)
	requireGone(t, demo.PID())
	require.Empty(t, processesOf(t, temporary))
}

// processesOf returns the processes that have the folder among their arguments
// or in their environment.
func processesOf(t *testing.T, folder string) (pids []int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil // Only Linux tells.
	}
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		for _, file := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(filepath.Join("/proc", entry.Name(), file))
			if err == nil && bytes.Contains(content, []byte(folder)) && syscall.Kill(pid, 0) == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
