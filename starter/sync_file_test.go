package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASyncIsNamedByItsFileOrInItsFolder(t *testing.T) {
	dir := t.TempDir()
	content, err := os.ReadFile(filepath.Join("..", "examples", "demo", "sync.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "spring.yaml"), content, 0o600))
	t.Chdir(dir)
	for _, argument := range []string{"spring", "spring.yaml", filepath.Join(dir, "spring.yaml")} {
		spec, err := loadSync(argument)
		require.NoError(t, err)
		require.Equal(t, "demo", spec.Sync)
	}

	for argument, want := range map[string]string{"spring.yaml": "demo", "./spring.yaml": "demo", "spring": "spring", "anything-else": "anything-else"} {
		name, err := syncName(argument)
		require.NoError(t, err)
		require.Equal(t, want, name)
	}
	_, err = syncName("./nobody.yaml")
	require.ErrorContains(t, err, "no sync file ./nobody.yaml here")
}

func TestAConnectionsFileInThePlaceOfASyncFileIsRecognised(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "examples", "demo", "connections.yaml")
	for _, verb := range []string{"run", "check", "status"} {
		refused := call(t, verb, path)
		require.Equal(t, answer{code: exitUsage, stderr: "error: " + path + " is a connections file, which is for the worker (--connections): name the YAML file of the sync\n"}, refused)
	}
}
