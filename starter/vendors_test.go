package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/examples"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
)

// desk is what a data command works with: both simulators over HTTP, an empty
// ledger, and the files of the demo.
type desk struct {
	*simulator.Simulator
	dir string
	// zeotap and charles are the addresses of the vendors.
	zeotap, charles string
}

// newDesk makes a desk for a demo of 200 members.
func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskOf(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 200, Seed: 1}})
}

// newDeskOf makes a desk whose vendors behave as the options say.
func newDeskOf(t *testing.T, o simulator.Options) *desk {
	t.Helper()
	d := &desk{Simulator: simulator.New(o), dir: t.TempDir()}
	zeotap, charles := httptest.NewServer(d.ZeotapHandler()), httptest.NewServer(d.CharlesHandler())
	t.Cleanup(zeotap.Close)
	t.Cleanup(charles.Close)
	d.zeotap, d.charles = zeotap.URL, charles.URL
	edits := strings.NewReplacer("http://127.0.0.1:7401", zeotap.URL, "http://127.0.0.1:7402", charles.URL, "requests_per_second: 20", "requests_per_second: 1000")
	for _, file := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := examples.Demo.ReadFile("demo/" + file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(d.file(file), []byte(edits.Replace(string(content))), 0o600))
	}
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	require.NoError(t, book.Close())
	return d
}

func (d *desk) file(name string) string { return filepath.Join(d.dir, name) }

// edit replaces a text that must be in a file.
func (d *desk) edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	content, err := os.ReadFile(d.file(file))
	require.NoError(t, err)
	require.Contains(t, string(content), old)
	require.NoError(t, os.WriteFile(d.file(file), []byte(strings.ReplaceAll(string(content), old, replacement)), 0o600))
}

// call runs a verb on the demo's sync.
func (d *desk) call(t *testing.T, verb string, args ...string) answer {
	t.Helper()
	return call(t, append([]string{
		verb, d.file("sync.yaml"), "--connections", d.file("connections.yaml"), "--ledger", "sqlite:" + d.file("ledger.db"),
	}, args...)...)
}

// first is the reference of the first member that can be sent.
func (d *desk) first() string { return d.Crowd().Member(0).Number }

func TestACommandThatAsksVendorsNeedsItsFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sync, connections, book := d.file("sync.yaml"), d.file("connections.yaml"), "sqlite:"+d.file("ledger.db")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no connections":         {[]string{"try", sync, "--ledger", book}, "connections file: open connections.yaml: no such file or directory; name the worker's with --connections FILE or AUDIENCESYNC_CONNECTIONS, go to the folder that has it, or write a first one with audiencesync init"},
		"no connections either":  {[]string{"adopt", sync, "--ledger", book, "--connections", ""}, "connections file: open : no such file or directory; name the worker's with --connections FILE or AUDIENCESYNC_CONNECTIONS, go to the folder that has it, or write a first one with audiencesync init"},
		"a column of no file":    {[]string{"adopt", sync, "--column", "id"}, "--column: name the file too, with --members-file FILE"},
		"no such members file":   {[]string{"adopt", sync, "--members-file", "nobody.csv", "--connections", connections, "--ledger", book}, "sync demo: --members-file: open nobody.csv: no such file or directory; nothing was recorded"},
		"no ledger":              {[]string{"try", sync, "--connections", connections, "--ledger", "sqlite:nobody.db"}, "there is no ledger at nobody.db: name the one that the worker writes (audiencesync up: DIR/ledger.db)"},
		"a trial of nobody":      {[]string{"try", sync, "--limit", "0"}, "--limit 0: write a number from 1 to 100; more than that is for a run"},
		"a trial of too many":    {[]string{"try", sync, "--limit", "101"}, "--limit 101: write a number from 1 to 100; more than that is for a run"},
		"two ways to choose":     {[]string{"try", sync, "--limit", "1", "--reference", "x"}, "if any flags in the group [limit reference] are set none of the others can be; [limit reference] were all set; see: audiencesync try --help"},
		"nobody to follow":       {[]string{"trace", sync}, "say whom to follow: --reference with the reference of a member, --place with the place that failures lists, or --member with a file that holds a member as a JSON object"},
		"no such member file":    {[]string{"trace", sync, "--member", "nobody.json", "--connections", connections, "--ledger", book}, "--member: open nobody.json: no such file or directory"},
		"not a member":           {[]string{"trace", sync, "--member", sync, "--connections", connections, "--ledger", book}, "--member: " + sync + ` is not one JSON object with the fields of a member, as {"first_name": "Ada"}`},
		"a reference that is no": {[]string{"trace", sync, "--reference", "Ada", "--connections", connections, "--ledger", book}, "--reference: the reference is not a phone number of any region; to follow a member without a usable one, name its place: audiencesync trace SYNC.yaml --place \"page 1, member 147\", as failures lists it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, answer{code: exitUsage, stderr: "error: " + test.says + "\n"}, call(t, test.args...))
		})
	}
}

func TestACredentialThatIsMissingIsMissingForTheCommand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(t, "connections.yaml", "credential: file:demo.key", "credential: env:AUDIENCESYNC_TEST_NOBODY")
	for _, verb := range [][]string{{"try"}, {"trace", "--reference", d.first()}} {
		refused := d.call(t, verb[0], verb[1:]...)
		require.Contains(t, refused.stderr, "credential env:AUDIENCESYNC_TEST_NOBODY: the environment variable is not set for this command")
		require.NotContains(t, refused.stderr, "the worker")
	}
}
