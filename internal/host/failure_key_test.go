package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"audiencesync/examples"
	"audiencesync/internal/credentials"
	"audiencesync/internal/host"
)

func TestTheFailureKeysPathStartsAtTheCurrentDirectoryAndNotBesideTheConnections(t *testing.T) {
	here, beside := t.TempDir(), t.TempDir()
	t.Chdir(here)
	connections := filepath.Join(beside, "connections.yaml")
	text, err := examples.Demo.ReadFile("demo/connections.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(connections, text, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(beside, "failure.key"), []byte("0123456789abcdef"), 0o600))

	_, err = host.Start(t.Context(), host.Options{
		Connections: connections, FailureKey: "file:failure.key", Ledger: "sqlite:" + filepath.Join(here, "ledger.db"), Logger: zap.NewNop(),
	})
	wd, wdErr := os.Getwd()
	require.NoError(t, wdErr)
	missing := "failure key file:failure.key: there is no file " + filepath.Join(wd, "failure.key") + "; a path starts at the current directory"
	require.EqualError(t, err, missing)
	_, err = host.FailureKey(t.Context(), credentials.Store{}, "file:failure.key")
	require.EqualError(t, err, missing)

	require.NoError(t, os.WriteFile(filepath.Join(here, "failure.key"), []byte("0123456789abcdef"), 0o600))
	options, err := host.FailureKey(t.Context(), credentials.Store{}, "file:failure.key")
	require.NoError(t, err)
	require.Len(t, options, 1)
}

func TestAFailureKeyIsAReferenceAndNoFileMustBeNamed(t *testing.T) {
	t.Parallel()
	options, err := host.FailureKey(t.Context(), credentials.Store{}, "")
	require.NoError(t, err)
	require.Empty(t, options)
	for _, reference := range []string{"file:", "0123456789abcdef"} {
		_, err := host.FailureKey(t.Context(), credentials.Store{}, reference)
		require.EqualError(t, err, "failure key: credential: not a reference; write env:NAME or file:PATH, never the credential itself")
	}
}
