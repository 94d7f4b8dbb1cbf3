package endtoend

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/test/endtoend/programs"
)

func TestBadInputEndsInOneClearSentenceAndSendsNothing(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 1500, seed: 5})
	site := deploy(t, badConnections(t, vendors))
	site.startWorker(t)
	demo, err := os.ReadFile("../../examples/demo/sync.yaml")
	require.NoError(t, err)

	// Edits turn the demo's sync into a bad one. Each says what it is about:
	// the place, and the remedy.
	rows := map[string]struct {
		edits []string
		code  int
		says  []string
	}{
		"wrong key for Zeotap": {
			[]string{"zeotap-demo", "zeotap-wrong-key"},
			2,
			[]string{"connection zeotap-wrong-key", "asking for audience 984", "check the key behind the connection's credential"},
		},
		"no key for Zeotap": {
			[]string{"zeotap-demo", "zeotap-no-key-file"},
			2,
			[]string{"connection zeotap-no-key-file", "file:missing.key", "no such file on the worker"},
		},
		"wrong key for Hello Charles": {
			[]string{"charles-demo", "charles-wrong-key"},
			2,
			[]string{"connection charles-wrong-key", "check the key behind the connection's credential"},
		},
		"unreachable Zeotap": {
			[]string{"zeotap-demo", "zeotap-nowhere"},
			1,
			[]string{"connection zeotap-nowhere", "cannot be reached", "check base_url and the network of the worker"},
		},
		"unreachable Hello Charles": {
			[]string{"charles-demo", "charles-nowhere"},
			1,
			[]string{"connection charles-nowhere", "cannot be reached", "check base_url and the network of the worker"},
		},
		"no such audience": {
			[]string{`"984"`, `"985"`},
			2,
			[]string{"connection zeotap-demo", "audience 985", "check audience.id of the sync"},
		},
		"missing tag": {
			[]string{"[zeotap]", "[zeotop]"},
			2,
			[]string{`tag "zeotop" does not exist in Hello Charles`, "create it under Settings, Manage Tags", `did you mean "zeotap"?`},
		},
		"three missing tags": {
			[]string{"[zeotap]", "[zeotop, dormant, autumn]"},
			2,
			[]string{`tag "zeotop" does not exist`, `tag "dormant" does not exist`, `tag "autumn" does not exist`},
		},
		"missing property": {
			[]string{"loyalty_points:", "loyalty_pints:"},
			2,
			[]string{`custom property "loyalty_pints" does not exist in Hello Charles`, `did you mean "loyalty_points"?`},
		},
		"three missing tags and a misspelt property": {
			[]string{"[zeotap]", "[zeotop, newsleter, vipp]", "loyalty_points:", "loyalty_pints:"},
			2,
			[]string{
				`tag "zeotop" does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags (did you mean "zeotap"?); ` +
					`tag "newsleter" does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags (did you mean "newsletter"?); ` +
					`tag "vipp" does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags (did you mean "vip"?); ` +
					`custom property "loyalty_pints" does not exist in Hello Charles, which would ignore it silently: ` +
					`create it under Settings, or correct its technical name (did you mean "loyalty_points"?)`,
			},
		},
		"no such segment": {
			[]string{"seg-984", "seg-985"},
			2,
			[]string{`segment "seg-985" does not exist in Hello Charles`, "correct verification.segment"},
		},
		"page of broken JSON": {
			[]string{"zeotap-demo", "zeotap-broken-json"},
			1,
			[]string{"connection zeotap-broken-json", "page 2", "JSON", "docs/zeotap-members-api.md"},
		},
		"read that ends early": {
			[]string{"zeotap-demo", "zeotap-ends-early"},
			1,
			[]string{"the read of the audience is not complete, so nothing is sent", "announced 1,500 members", "held 1,200"},
		},
		"empty export folder": {
			[]string{"zeotap-demo", "export-empty"},
			2,
			[]string{"connection export-empty", "audience 984", "check that Zeotap has delivered"},
		},
		"no export folder": {
			[]string{"zeotap-demo", "export-no-folder"},
			2,
			[]string{"connection export-no-folder", "no-such-folder", "check url of the connection"},
		},
		"short row": {
			[]string{"zeotap-demo", "export-short-row"},
			1,
			[]string{"connection export-short-row", "984/2026-11-20/part-1.csv, record 2", "has 2 fields where the header has 3", "check delimiter"},
		},
		"unknown connection": {
			[]string{"charles-demo", "charles-demmo"},
			2,
			[]string{`destination "charles-demmo" is not a known connection`, `did you mean "charles-demo"?`},
		},
		"bad YAML": {
			[]string{"audience:", "audience: ["},
			2,
			[]string{"bad-yaml.yaml:", "not readable as YAML"},
		},
		"unknown key": {
			[]string{"max_lag:", "max_lagg:"},
			2,
			[]string{"unknown-key.yaml:46:", "verification.max_lagg: unknown key", `did you mean "max_lag"?`},
		},
		"wrong type": {
			[]string{"poll: 1s", "poll: soon"},
			2,
			[]string{"wrong-type.yaml:45:", "verification.poll", "expected a duration"},
		},
	}
	t.Run("rows", func(t *testing.T) {
		for name, row := range rows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				sync := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
				text := strings.NewReplacer(append(row.edits, "sync: demo", "sync: "+sync)...).Replace(string(demo))
				ended := site.do(t, "run", write(t, t.TempDir(), sync+".yaml", text), "--output", "json")
				requireOneError(t, ended, row.code, append(row.says, sync)...)
			})
		}
	})
	stats := vendors.stats(t)
	require.Zero(t, stats.UpsertsReceived)
	require.Zero(t, stats.Contacts)
}

// requireOneError makes sure that a command ended with the code and one error,
// its last line, that says all of it, and gave no data.
func requireOneError(t *testing.T, ended result, code int, says ...string) {
	t.Helper()
	require.Equal(t, code, ended.code, ended.stderr)
	require.Empty(t, ended.stdout)
	require.Equal(t, 1, strings.Count("\n"+ended.stderr, "\nerror: "), ended.stderr)
	lines := strings.Split(strings.TrimSpace(ended.stderr), "\n")
	last := lines[len(lines)-1]
	require.True(t, strings.HasPrefix(last, "error: "), ended.stderr)
	for _, part := range says {
		require.Contains(t, last, part)
	}
}

func TestMistakesOnTheCommandLineAreErrorsOfUsage(t *testing.T) {
	t.Parallel()
	nowhere := freeAddress(t)
	dir := t.TempDir()
	broken := write(t, dir, "broken.yaml", "connections: [\n")
	sync := "../../examples/demo/sync.yaml"
	for name, row := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"unknown flag":              {[]string{"run", sync, "--fast"}, 2, []string{"unknown flag: --fast", "audiencesync run --help"}},
		"unknown verb":              {[]string{"sink"}, 2, []string{`unknown command "sink"`, "audiencesync --help"}},
		"no sync":                   {[]string{"run"}, 2, []string{"audiencesync run --help"}},
		"no such file":              {[]string{"run", "elsewhere.yaml"}, 2, []string{"no sync file elsewhere.yaml here"}},
		"no server for run":         {[]string{"run", sync, "--address", nowhere}, 1, []string{"sync demo", "connecting to Temporal at " + nowhere, "audiencesync up"}},
		"no server for status":      {[]string{"status", "demo", "--address", nowhere}, 1, []string{"sync demo", "connecting to Temporal at " + nowhere}},
		"no server for schedules":   {[]string{"schedule", "list", "--address", nowhere}, 1, []string{"connecting to Temporal at " + nowhere}},
		"up without connections":    {[]string{"up", "--dir", dir}, 2, []string{"connections.yaml", "no such file", "--connections FILE"}},
		"up with no such file":      {[]string{"up", "--dir", dir, "--connections", "elsewhere.yaml"}, 2, []string{"elsewhere.yaml", "no such file"}},
		"up with broken YAML":       {[]string{"up", "--dir", dir, "--connections", broken}, 2, []string{"broken.yaml:", "not readable as YAML"}},
		"a port in use":             {[]string{"simulate", "--zeotap", sharedServer(t), "--charles", nowhere}, 1, []string{sharedServer(t), "address already in use"}},
		"demo of a negative size":   {[]string{"demo", "--members", "-5"}, 2, []string{"--members -5"}},
		"schedule without a time":   {[]string{"schedule", "create", sync}, 2, []string{"--every", "--cron"}},
		"schedule every second":     {[]string{"schedule", "create", sync, "--every", "1s"}, 2, []string{"the shortest interval is 1m"}},
		"no schedule to be deleted": {[]string{"schedule", "delete", "nobody", "--address", sharedServer(t)}, 2, []string{"sync nobody has no schedule"}},
		"status of nobody":          {[]string{"status", "nobody", "--address", sharedServer(t)}, 2, []string{"sync nobody: Temporal has no run of it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOneError(t, audiencesync(t, row.args...), row.code, row.says...)
		})
	}
	t.Run("worker without a ledger", func(t *testing.T) {
		t.Parallel()
		ended := finish(t, start(t, programs.Command{Name: "worker", Path: built.Worker, Args: []string{"--connections", broken}}))
		requireOneError(t, ended, 2, "name the ledger", "AUDIENCESYNC_LEDGER")
	})
	t.Run("worker with broken YAML", func(t *testing.T) {
		t.Parallel()
		ended := finish(t, start(t, programs.Command{
			Name: "worker", Path: built.Worker, Args: []string{"--connections", broken, "--ledger", "sqlite:" + dir + "/ledger.db"},
		}))
		requireOneError(t, ended, 2, "broken.yaml:", "not readable as YAML")
	})
}
