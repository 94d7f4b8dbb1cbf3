package devserver

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindPrefersTheVariableThenPathThenTheGivenFolders(t *testing.T) {
	named, inPath, given := fakeCLI(t), fakeCLI(t), fakeCLI(t)
	t.Chdir(t.TempDir())

	t.Setenv(CLIVariable, named)
	t.Setenv("PATH", filepath.Dir(inPath))
	found, err := Find(t.Context(), filepath.Dir(given))
	require.NoError(t, err)
	require.Equal(t, named, found)

	t.Setenv(CLIVariable, "")
	found, err = Find(t.Context(), filepath.Dir(given))
	require.NoError(t, err)
	require.Equal(t, inPath, found)

	t.Setenv("PATH", t.TempDir())
	found, err = Find(t.Context(), filepath.Dir(given))
	require.NoError(t, err)
	require.Equal(t, given, found)
}

func TestFindLooksIntoTheBinFolderOfTheSourceTree(t *testing.T) {
	t.Setenv(CLIVariable, "")
	t.Setenv("PATH", t.TempDir())
	root := t.TempDir()
	inner := filepath.Join(root, "internal", "deep")
	require.NoError(t, os.MkdirAll(inner, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module audiencesync\n\ngo 1.26.0\n"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	want := filepath.Join(root, "bin", "temporal")
	require.NoError(t, os.Rename(fakeCLI(t), want))
	t.Chdir(inner)

	found, err := Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, found)
}

func TestFindNamesTheRemedyWhenThereIsNone(t *testing.T) {
	t.Setenv(CLIVariable, "")
	t.Setenv("PATH", t.TempDir())
	t.Chdir(t.TempDir())

	_, err := Find(t.Context())
	require.ErrorContains(t, err, "make temporal")
	require.ErrorContains(t, err, CLIVariable)
}

func TestFindPassesOverABinaryThatDoesNotRunAndSaysSo(t *testing.T) {
	t.Setenv(CLIVariable, "")
	t.Setenv("PATH", t.TempDir())
	t.Chdir(t.TempDir())
	broken := script(t, "exit 1")

	_, err := Find(t.Context(), filepath.Dir(broken))
	require.ErrorContains(t, err, "make temporal")
	require.ErrorContains(t, err, broken+" does not run")

	other := script(t, `echo "temporal: the art of time"`)
	_, err = Find(t.Context(), filepath.Dir(other))
	require.ErrorContains(t, err, other+" is not the temporal command line")
}

func TestFindRefusesAVariableThatNamesNothing(t *testing.T) {
	t.Setenv(CLIVariable, filepath.Join(t.TempDir(), "temporal"))

	_, err := Find(t.Context())
	require.ErrorContains(t, err, CLIVariable)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// fakeCLI returns a program called temporal that knows its version.
func fakeCLI(t *testing.T) string {
	t.Helper()
	return script(t, `echo "temporal version 0.0.0"`)
}

// script returns a program called temporal that runs the shell lines.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700))
	return path
}
