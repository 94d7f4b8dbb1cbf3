package credentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/credentials"
)

func TestCredentialComesFromTheEnvironment(t *testing.T) {
	t.Setenv("AUDIENCESYNC_TEST_KEY", " secret\n")
	value, err := credentials.Store{}.Lookup(t.Context(), "env:AUDIENCESYNC_TEST_KEY")
	require.NoError(t, err)
	require.Equal(t, "secret", value)

	t.Setenv("AUDIENCESYNC_TEST_KEY", "rotated")
	value, err = credentials.Store{}.Lookup(t.Context(), "env:AUDIENCESYNC_TEST_KEY")
	require.NoError(t, err)
	require.Equal(t, "rotated", value, "looked up at the time of use")

	t.Setenv("AUDIENCESYNC_TEST_KEY", "  ")
	_, err = credentials.Store{}.Lookup(t.Context(), "env:AUDIENCESYNC_TEST_KEY")
	require.EqualError(t, err, "credential env:AUDIENCESYNC_TEST_KEY: the environment variable is not set for the worker")
	_, err = credentials.Store{Command: true}.Lookup(t.Context(), "env:AUDIENCESYNC_TEST_KEY")
	require.EqualError(t, err, "credential env:AUDIENCESYNC_TEST_KEY: the environment variable is not set for this command")
}

func TestCredentialComesFromAFileBesideTheConnections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "key", "secret\r\n")
	for _, reference := range []string{"file:key", "file:" + path} {
		value, err := credentials.Store{Dir: dir}.Lookup(t.Context(), reference)
		require.NoError(t, err)
		require.Equal(t, "secret", value)
	}
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "link")))
	value, err := credentials.Store{Dir: dir}.Lookup(t.Context(), "file:link")
	require.NoError(t, err, "mounted secrets are links")
	require.Equal(t, "secret", value)
}

func TestCredentialFileThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "empty", " \n")
	write(t, dir, "large", strings.Repeat("s", 1<<20+1))
	write(t, dir, "largest", strings.Repeat("s", 1<<20))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	tests := map[string]string{
		"file:missing":   "credential file:missing: no such file on the worker; put it there, or correct the reference in the connections file",
		"file:empty":     "credential file:empty: the file is empty",
		"file:large":     "credential file:large: more than 1048576 bytes, which is no credential",
		"file:folder":    "credential file:folder: not a file",
		"file:/dev/zero": "credential file:/dev/zero: not a file",
	}
	_, err := credentials.Store{Dir: dir, Command: true}.Lookup(t.Context(), "file:missing")
	require.EqualError(t, err, "credential file:missing: no such file here ("+filepath.Join(dir, "missing")+"); put it there, or correct the reference")
	for reference, text := range tests {
		_, err := credentials.Store{Dir: dir}.Lookup(t.Context(), reference)
		require.EqualError(t, err, text)
	}
	_, err = credentials.Store{Dir: dir}.Lookup(t.Context(), "file:largest")
	require.NoError(t, err)
}

func TestCredentialInPlaceOfAReferenceIsNotShown(t *testing.T) {
	t.Parallel()
	for _, reference := range []string{"", "secret", "secret:value", "env:", "file:", ":secret"} {
		_, err := credentials.Store{}.Lookup(t.Context(), reference)
		require.ErrorContains(t, err, "write env:NAME or file:PATH")
		require.NotContains(t, err.Error(), "secret")
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
