package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestAFileMustBeOneReadableDocument(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, problem string }{
		"empty":             {"", "f.yaml:1:1: the file is empty; start from examples/sync.yaml"},
		"comments only":     {"# nothing\n", "f.yaml:1:1: the file is empty; start from examples/sync.yaml"},
		"null":              {"~\n", "f.yaml:1:1: the file is empty; start from examples/sync.yaml"},
		"a list":            {"- sync: demo\n", "f.yaml:1:1: expected keys with values, found a list; start from examples/sync.yaml"},
		"plain text":        {"hunter2\n", "f.yaml:1:1: expected keys with values, found text; start from examples/sync.yaml"},
		"two documents":     {"sync: a\n---\nsync: b\n", "f.yaml:2:1: a second document starts here; write one document in a file"},
		"a tab":             {"sync: a\naudience:\n\tid: x\n", "f.yaml:3:1: not readable as YAML: found character '\t' that cannot start any token; indent with spaces, not tabs"},
		"an open quote":     {"sync: \"hunter2\n", "f.yaml:1:7: not readable as YAML: could not find end character of double-quoted text; close the quotes"},
		"no space":          {"sync:hunter2\nsource: x\n", "f.yaml:1:1: not readable as YAML: unexpected key name; write a space after the colon of every key"},
		"a bar":             {"sync: |hunter2\n", "f.yaml:1:7: not readable as YAML: invalid header option; write a value that starts with \"|\" or \">\" in quotes"},
		"two colons":        {"sync: a: b\n", "f.yaml:1:7: not readable as YAML: mapping value is not allowed in this context; write a value with a colon in quotes, and keys of one level in one column"},
		"not UTF-8":         {"sync: a\nsource: b\xff\n", "f.yaml:2:10: a byte here is not UTF-8 text; save the file as UTF-8"},
		"control character": {"sync: \x00\n", "f.yaml:1:7: a control character stands here; delete it"},
		"deep brackets":     {strings.Repeat("[", 1000), "f.yaml:1:101: too many open brackets"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, syncError("f.yaml", []byte(c.file)), c.problem)
		})
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	file := minimalSync + strings.Repeat("# padding\n", 30_000)

	require.EqualError(t, syncError("f.yaml", []byte(file)),
		"f.yaml:1:1: the file has more than 262144 bytes, which no configuration file needs")
}

func TestAnchorsAliasesMergeKeysAndTagsAreRefused(t *testing.T) {
	t.Parallel()
	for file, problem := range map[string]string{
		"source: &s demo\n":          "f.yaml:7:9: source: anchors and aliases are not read here; write the value out",
		"source: *s\n":               "f.yaml:7:9: source: anchors and aliases are not read here; write the value out",
		"source: !!str demo\n":       "f.yaml:7:9: source: YAML tags are not read here; write the value without one",
		"source: x\n<<: {a: b}\n":    `f.yaml:8:1: expected a plain key; merge keys (<<), anchors and keys with "?" are not read here`,
		"source: x\n? mode\n: add\n": `f.yaml:8:1: expected a plain key; merge keys (<<), anchors and keys with "?" are not read here`,
	} {
		without := strings.Replace(minimalSync, "source: zeotap\n", "", 1)
		require.EqualError(t, syncError("f.yaml", []byte("\n"+without+file)), problem)
	}
}

func TestDocumentMarksAroundOneDocumentAreFine(t *testing.T) {
	t.Parallel()
	_, err := config.ParseSync("f.yaml", []byte("---\n"+minimalSync+"...\n"))
	require.NoError(t, err)
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()

	_, err := config.LoadSync(filepath.Join(folder, "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "sync file: open "+filepath.Join(folder, "none.yaml"))

	_, err = config.LoadConnections(folder)
	require.ErrorContains(t, err, "connections file: read "+folder+": is a directory")
}
