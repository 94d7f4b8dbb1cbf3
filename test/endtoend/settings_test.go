package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// settings are copies of the demo's files, as a user would make them.
type settings struct {
	dir         string
	connections string
	sync        string
}

// copyDemo copies examples/demo, with the addresses of the simulators. Edits are
// pairs of a text and what takes its place, in whatever file it stands.
func copyDemo(t *testing.T, s simulators, edits ...string) settings {
	t.Helper()
	dir := t.TempDir()
	edits = append([]string{"127.0.0.1:7401", s.zeotap, "127.0.0.1:7402", s.charles}, edits...)
	used := map[string]bool{}
	for _, name := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "examples", "demo", name))
		require.NoError(t, err)
		text := string(content)
		for i := 0; i < len(edits); i += 2 {
			used[edits[i]] = used[edits[i]] || strings.Contains(text, edits[i])
			text = strings.ReplaceAll(text, edits[i], edits[i+1])
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for i := 0; i < len(edits); i += 2 {
		require.True(t, used[edits[i]], "the demo's files do not hold %q any more", edits[i])
	}
	return settings{dir: dir, connections: filepath.Join(dir, "connections.yaml"), sync: filepath.Join(dir, "sync.yaml")}
}

// batchesOf is the edit that bounds batches.
func batchesOf(contacts int) []string {
	return []string{"reply: items", fmt.Sprintf("reply: items\n      max_items: %d", contacts)}
}
