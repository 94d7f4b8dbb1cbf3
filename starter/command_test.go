package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/devservertest"
)

// Every command is to be seen by a test in all that it does: see seen_test.go.
func TestMain(m *testing.M) {
	// Commands that watch a run mostly wait.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(allSeen(devservertest.Main(m)))
}

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
	a := &app{stdout: &stdout, stderr: &stderr}
	if stdin != "" {
		a.stdin = strings.NewReader(stdin)
	}
	return a.callFor(t.Context(), t, &stdout, &stderr, args)
}

// callFor runs the command line as it is set up, which writes into the buffers.
func (a *app) callFor(ctx context.Context, t *testing.T, stdout, stderr *bytes.Buffer, args []string) answer {
	t.Helper()
	code := a.run(ctx, args)
	got := answer{code: code, stdout: stdout.String(), stderr: stderr.String()}
	see(t, args, got) //nolint:contextcheck // It reads the command line, and runs nothing.
	return got
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
	commands := allOf((&app{}).root())
	verbs := make([]string, 1, len(commands)+1) // The first is the program itself.
	for _, command := range commands {
		verbs = append(verbs, verbOf(command))
	}
	for _, verb := range verbs {
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
		"a verb that was meant":       {[]string{"stauts"}, `unknown command "stauts" for "audiencesync"; did you mean "status"? See: audiencesync --help`},
		"a flag that was meant":       {[]string{"run", sync, "--quite"}, "unknown flag: --quite; did you mean --quiet? See: audiencesync run --help"},
		"unknown flag":                {[]string{"run", sync, "--fast"}, "unknown flag: --fast; see: audiencesync run --help"},
		"no sync":                     {[]string{"run"}, "SYNC.yaml is missing; see: audiencesync run --help"},
		"two syncs":                   {[]string{"check", "a", "b"}, `"b" is one argument too many: there is SYNC.yaml alone; see: audiencesync check --help`},
		"a number that is none":       {[]string{"demo", "--members", "many"}, `invalid argument "many" for "--members" flag: strconv.ParseInt: parsing "many": invalid syntax; see: audiencesync demo --help`},
		"no such file":                {[]string{"run", "nobody.yaml"}, "no sync file nobody.yaml here: name the YAML file of the sync, go to the folder that has it, or write a first one with audiencesync init"},
		"no such name":                {[]string{"run", "nobody"}, "no sync file nobody.yaml here: name the YAML file of the sync, go to the folder that has it, or write a first one with audiencesync init"},
		"unknown form of output":      {[]string{"status", "demo", "-o", "xml"}, "--output xml: write table or json"},
		"no age":                      {[]string{"status", "demo", "--fail-if-older", "0s"}, "--fail-if-older 0s: write how old the last good run may be, for example 26h"},
		"an age that is none":         {[]string{"status", "demo", "--fail-if-older", "26"}, `invalid argument "26" for "--fail-if-older" flag: time: missing unit in duration "26"; see: audiencesync status --help`},
		"a list of one":               {[]string{"list", "demo"}, `"demo" is one argument too many: there is none; see: audiencesync list --help`},
		"limits of nothing":           {[]string{"limits"}, "CONNECTION is missing; see: audiencesync limits --help"},
		"no rate":                     {[]string{"limits", "charles", "--requests-per-second", "0"}, "0 requests per second: write a number from 0.001 to 10000; to send nothing at all, pause the syncs"},
		"too high a rate":             {[]string{"limits", "charles", "--requests-per-second", "10001"}, "10001 requests per second: write a number from 0.001 to 10000; to send nothing at all, pause the syncs"},
		"a rate that is none":         {[]string{"limits", "charles", "--requests-per-second", "NaN"}, "NaN requests per second: write a number from 0.001 to 10000; to send nothing at all, pause the syncs"},
		"nothing in flight":           {[]string{"limits", "charles", "--in-flight", "0"}, "0 requests in flight: write a number from 1 to 1000; to send nothing at all, pause the syncs"},
		"limits set and cleared":      {[]string{"limits", "charles", "--in-flight", "1", "--clear"}, "if any flags in the group [clear in-flight] are set none of the others can be; [clear in-flight] were all set; see: audiencesync limits --help"},
		"a reason for nothing":        {[]string{"limits", "charles", "--why", "so"}, "--why: there is nothing to change; name what with --requests-per-second, --in-flight or --clear"},
		"up without connections":      {[]string{"up"}, "connections file: open connections.yaml: no such file or directory; name the worker's with --connections FILE or AUDIENCESYNC_CONNECTIONS, go to the folder that has it, or write a first one with audiencesync init"},
		"up with no such connections": {[]string{"up", "--connections", "nobody.yaml"}, "connections file: open nobody.yaml: no such file or directory; name the worker's with --connections FILE or AUDIENCESYNC_CONNECTIONS, go to the folder that has it, or write a first one with audiencesync init"},
		"up with a loud log":          {[]string{"up", "--connections", "nobody.yaml", "--log-level", "loud"}, `log level "loud": write debug, info, warn or error`},
		"a simulated crowd below 0":   {[]string{"simulate", "--members", "-1"}, "--members -1: write a number of members"},
		"no such fault plan":          {[]string{"simulate", "--faults", "nobody.yaml"}, "reading the fault plan: open nobody.yaml: no such file or directory"},
		"a demo below 0":              {[]string{"demo", "--members", "-1"}, "--members -1: write a number of members"},
		"no time":                     {[]string{"schedule", "create", sync}, `say when: with --every (for example 6h), with --cron (for example "0 6 * * *"), or in the sync file (schedule)`},
		"two times":                   {[]string{"schedule", "create", sync, "--every", "1h", "--cron", "0 6 * * *"}, `say when: either --every (for example 6h) or --cron (for example "0 6 * * *"), not both`},
		"too often":                   {[]string{"schedule", "create", sync, "--every", "59s"}, "--every 59s: the shortest interval is 1m"},
		"six fields of cron":          {[]string{"schedule", "create", sync, "--cron", "0 0 6 * * *"}, `--cron "0 0 6 * * *": write five fields: minute, hour, day of month, month, day of week`},
		"unknown time zone":           {[]string{"schedule", "create", sync, "--every", "1h", "--time-zone", "Berlin"}, `--time-zone "Berlin": expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"too short a catch-up":        {[]string{"schedule", "create", sync, "--every", "1h", "--catch-up", "1s"}, "--catch-up 1s: expected at least 10s"},
		"a year of catch-up":          {[]string{"schedule", "create", sync, "--every", "1h", "--catch-up", "8760h"}, "--catch-up 8760h0m0s: expected at most 720h"},
		"no start":                    {[]string{"schedule", "create", sync, "--every", "1h", "--start", "soon"}, `--start "soon": expected a day such as "2027-01-31", or a time such as "2027-01-31T06:00", in the schedule's time zone`},
		"an end before the start":     {[]string{"schedule", "create", sync, "--every", "1h", "--start", "2027-02-01", "--end", "2027-01-31"}, `--end "2027-01-31": must be after start`},
		"too many failures":           {[]string{"schedule", "create", sync, "--every", "1h", "--pause-after", "101"}, "--pause-after 101: expected a number of failures from 0 to 100"},
		"fewer than no failures":      {[]string{"schedule", "create", sync, "--every", "1h", "--pause-after", "-1"}, "--pause-after -1: expected a number of failures from 0 to 100"},
		"two new times":               {[]string{"schedule", "update", sync, "--every", "1h", "--cron", "0 6 * * *"}, `say when: either --every (for example 6h) or --cron (for example "0 6 * * *"), not both`},
		"too often from now on":       {[]string{"schedule", "update", sync, "--every", "0s"}, "--every 0s: the shortest interval is 1m"},
		"new times that are none":     {[]string{"schedule", "update", sync, "--cron", ""}, "--cron is empty: write five fields: minute, hour, day of month, month, day of week"},
		"six new fields of cron":      {[]string{"schedule", "update", sync, "--cron", "0 0 6 * * *"}, `--cron "0 0 6 * * *": write five fields: minute, hour, day of month, month, day of week`},
		"unknown new time zone":       {[]string{"schedule", "update", sync, "--time-zone", "Berlin"}, `--time-zone "Berlin": expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"too short a new catch-up":    {[]string{"schedule", "update", sync, "--catch-up", "1s"}, "--catch-up 1s: expected at least 10s"},
		"fewer than no members":       {[]string{"run", sync, "--expect", "-1"}, "--expect -1: write a number of members"},
		"a plan of fewer than none":   {[]string{"plan", sync, "--expect", "-1"}, "--expect -1: write a number of members"},
		"no failures at the most":     {[]string{"failures", "demo", "--limit", "0"}, "--limit 0: write a number of failures"},
		"an export of no files":       {[]string{"simulate", "export", "drop", "--parts", "0"}, "--parts 0: write a number of files"},
		"an export of another form":   {[]string{"simulate", "export", "drop", "--format", "xml"}, "--format xml: write csv, ndjson or json"},
		"nobody to be forgotten":      {[]string{"ledger", "forget"}, "say who is to be forgotten: --reference REFERENCE"},
		"no sync to rebuild":          {[]string{"ledger", "rebuild"}, "SYNC.yaml is missing; see: audiencesync ledger rebuild --help"},
		"no folder":                   {[]string{"schedule", "apply"}, "DIR is missing; see: audiencesync schedule apply --help"},
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
		{"status", "--fail-if-older", "26h", "demo"},
		{"approve", "demo"},
		{"pause", "demo"},
		{"cancel", "demo"},
		{"schedule", "create", sync, "--every", "1h"},
		{"schedule", "update", sync},
		{"schedule", "describe", "demo"},
		{"schedule", "pause", "demo"},
		{"schedule", "resume", "demo"},
		{"schedule", "trigger", "demo"},
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

func TestTheUnitForSystemdCallsACommandThatExists(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile(filepath.Join("..", "examples", "systemd", "audiencesync.service"))
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/audiencesync (.*)$`).FindSubmatch(unit)
	require.NotNil(t, line)
	command, flags, err := (&app{}).root().Find(strings.Fields(string(line[1])))
	require.NoError(t, err)
	require.Equal(t, "up", command.Name())
	require.NoError(t, command.ParseFlags(flags))
	require.NoError(t, command.ValidateRequiredFlags())
}
