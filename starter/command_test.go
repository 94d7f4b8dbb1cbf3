package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/devservertest"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// update writes the files in testdata anew: go test ./starter -update.
var update = flag.Bool("update", false, "write the expected texts anew")

// answer is what a call of the command line left.
type answer struct {
	code   int
	stdout string
	stderr string
}

// call runs the command line in this process.
func call(t *testing.T, args ...string) answer {
	t.Helper()
	return callWith(t, "", args...)
}

// callWith is call with something on standard input.
func callWith(t *testing.T, stdin string, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := (&app{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}).run(t.Context(), args)
	return answer{code: code, stdout: stdout.String(), stderr: stderr.String()}
}

// requireText compares a text with the file in testdata.
func requireText(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "if this is meant: go test ./starter -update")
}

func TestEveryVerbExplainsItself(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{
		"", "run", "status", "report", "history", "check", "init", "up", "simulate", "simulate export", "simulate presets", "demo",
		"plan", "verify", "audit", "retire", "approve", "decline", "pause", "resume", "adopt", "ignore", "try", "trace", "failures", "differences", "retry-failures",
		"notify", "notify test", "schedule", "schedule create", "schedule update", "schedule list", "schedule delete", "ledger", "ledger migrate", "ledger check", "ledger export", "ledger rebuild",
	} {
		t.Run("help "+verb, func(t *testing.T) {
			t.Parallel()
			help := call(t, append(strings.Fields(verb), "--help")...)
			require.Zero(t, help.code)
			require.Empty(t, help.stderr)
			requireText(t, "help/"+strings.Join(append([]string{"audiencesync"}, strings.Fields(verb)...), "-")+".txt", help.stdout)
		})
	}
}

func TestMistakesOfUsageHaveOneTextAndCodeTwo(t *testing.T) {
	t.Parallel()
	sync := filepath.Join("..", "examples", "demo", "sync.yaml")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown verb":                {[]string{"sink"}, `unknown command "sink" for "audiencesync"; see: audiencesync --help`},
		"unknown flag":                {[]string{"run", sync, "--fast"}, "unknown flag: --fast; see: audiencesync run --help"},
		"no sync":                     {[]string{"run"}, "accepts 1 arg(s), received 0; see: audiencesync run --help"},
		"two syncs":                   {[]string{"check", "a", "b"}, "accepts 1 arg(s), received 2; see: audiencesync check --help"},
		"a number that is none":       {[]string{"demo", "--members", "many"}, `invalid argument "many" for "--members" flag: strconv.ParseInt: parsing "many": invalid syntax; see: audiencesync demo --help`},
		"no such file":                {[]string{"run", "nobody.yaml"}, "no sync file nobody.yaml here: name the YAML file of the sync"},
		"no such name":                {[]string{"run", "nobody"}, "no sync file nobody.yaml here: name the YAML file of the sync"},
		"unknown form of output":      {[]string{"status", "demo", "-o", "xml"}, "--output xml: write table or json"},
		"up without connections":      {[]string{"up"}, `required flag(s) "connections" not set; see: audiencesync up --help`},
		"up with no such connections": {[]string{"up", "--connections", "nobody.yaml"}, "connections file: open nobody.yaml: no such file or directory"},
		"up with a loud log":          {[]string{"up", "--connections", "nobody.yaml", "--log-level", "loud"}, `log level "loud": write debug, info, warn or error`},
		"a simulated crowd below 0":   {[]string{"simulate", "--members", "-1"}, "--members -1: write a number of members"},
		"no such fault plan":          {[]string{"simulate", "--faults", "nobody.yaml"}, "reading the fault plan: open nobody.yaml: no such file or directory"},
		"a demo below 0":              {[]string{"demo", "--members", "-1"}, "--members -1: write a number of members"},
		"no time":                     {[]string{"schedule", "create", sync}, `say when: either --every (for example 6h) or --cron (for example "0 6 * * *")`},
		"two times":                   {[]string{"schedule", "create", sync, "--every", "1h", "--cron", "0 6 * * *"}, `say when: either --every (for example 6h) or --cron (for example "0 6 * * *")`},
		"too often":                   {[]string{"schedule", "create", sync, "--every", "59s"}, "--every 59s: the shortest interval is 1m"},
		"six fields of cron":          {[]string{"schedule", "create", sync, "--cron", "0 0 6 * * *"}, `--cron "0 0 6 * * *": write five fields: minute, hour, day of month, month, day of week`},
		"unknown time zone":           {[]string{"schedule", "create", sync, "--every", "1h", "--time-zone", "Berlin"}, `--time-zone "Berlin": write a name like Europe/Berlin`},
		"two new times":               {[]string{"schedule", "update", sync, "--every", "1h", "--cron", "0 6 * * *"}, `say when: either --every (for example 6h) or --cron (for example "0 6 * * *"), not both`},
		"too often from now on":       {[]string{"schedule", "update", sync, "--every", "0s"}, "--every 0s: the shortest interval is 1m"},
		"new times that are none":     {[]string{"schedule", "update", sync, "--cron", ""}, "--cron is empty: write five fields, or leave the flag out to keep the times as they are"},
		"six new fields of cron":      {[]string{"schedule", "update", sync, "--cron", "0 0 6 * * *"}, `--cron "0 0 6 * * *": write five fields: minute, hour, day of month, month, day of week`},
		"unknown new time zone":       {[]string{"schedule", "update", sync, "--time-zone", "Berlin"}, `--time-zone "Berlin": write a name like Europe/Berlin`},
		"too short a new catch-up":    {[]string{"schedule", "update", sync, "--catch-up", "1s"}, "--catch-up 1s: the shortest window is 10s"},
		"too short a catch-up":        {[]string{"schedule", "create", sync, "--every", "1h", "--catch-up", "1s"}, "--catch-up 1s: the shortest window is 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, answer{code: exitUsage, stderr: "error: " + c.says + "\n"}, call(t, c.args...))
		})
	}
}

func TestASyncFileWithMistakesIsRefusedWithAllOfThem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sync.yaml")
	require.NoError(t, os.WriteFile(path, []byte("sync: demo\nsorce: a\n"), 0o600))
	refused := call(t, "run", path)
	require.Equal(t, exitUsage, refused.code)
	require.Empty(t, refused.stdout)
	require.Contains(t, refused.stderr, path+`:2:1: sorce: unknown key; did you mean "source"?`)
	require.Contains(t, refused.stderr, "destination: missing")
}

func TestAServerThatDoesNotAnswerIsNamedWithTheSync(t *testing.T) {
	t.Parallel()
	sync := filepath.Join("..", "examples", "demo", "sync.yaml")
	for _, args := range [][]string{
		{"run", sync},
		{"check", sync},
		{"status", "demo"},
		{"approve", "demo"},
		{"pause", "demo"},
		{"schedule", "create", sync, "--every", "1h"},
		{"schedule", "update", sync},
		{"schedule", "delete", "demo"},
	} {
		t.Run(strings.Join(args[:len(args)-1], " "), func(t *testing.T) {
			t.Parallel()
			failed := call(t, append(args, "--address", "127.0.0.1:1")...)
			require.Equal(t, exitFailed, failed.code)
			require.Empty(t, failed.stdout)
			require.Contains(t, failed.stderr, "error: sync demo: connecting to Temporal at 127.0.0.1:1 (namespace default)")
			require.Contains(t, failed.stderr, `start it with "audiencesync up"`)
		})
	}
}
