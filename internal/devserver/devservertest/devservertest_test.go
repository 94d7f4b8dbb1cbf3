package devservertest_test

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/devservertest"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

func TestAllTestsOfAProcessShareOneServer(t *testing.T) {
	t.Parallel()
	server := devservertest.ForTest(t)
	require.Same(t, server, devservertest.ForTest(t))
	require.Empty(t, server.UIAddress())

	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", server.Address())
	require.NoError(t, err)
	require.NoError(t, connection.Close())
}
