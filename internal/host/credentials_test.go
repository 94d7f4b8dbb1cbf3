package host

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
)

func TestAWorkerNamesTheCredentialsThatAreNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "zeotap.key"), []byte("a key"), 0o600))
	connections := config.Connections{
		ZeotapAPI:    map[string]config.ZeotapAPI{"zeotap": {Credential: "file:zeotap.key"}},
		HelloCharles: map[string]config.HelloCharles{"charles": {Credential: "env:AUDIENCESYNC_NOT_SET"}},
		Webhooks:     map[string]config.Webhook{"ops-slack": {URL: "file:slack.url"}},
	}
	core, logged := observer.New(zap.WarnLevel)
	warnOfCredentials(t.Context(), connections, credentials.Store{Dir: dir}, zap.New(core))
	said := make([]string, logged.Len())
	for i, entry := range logged.All() {
		fields := entry.ContextMap()
		said[i] = fmt.Sprintf("%v: %v", fields["connection"], fields["error"])
	}
	require.Equal(t, []string{
		"charles: credential env:AUDIENCESYNC_NOT_SET: the environment variable is not set for the worker",
		"ops-slack: credential file:slack.url: no such file on the worker; put it there, or correct the reference in the connections file",
	}, said)
}
