package temporalclient_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/temporalclient"
)

// nothingConfigured takes away what the environment of the tests may hold, and
// names a file of profiles with the given content.
func nothingConfigured(t *testing.T, profiles string) {
	t.Helper()
	for _, name := range []string{
		"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_API_KEY", "TEMPORAL_TLS", "TEMPORAL_TLS_CLIENT_CERT_PATH",
	} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	path := filepath.Join(t.TempDir(), "temporal.toml")
	if profiles != "" {
		require.NoError(t, os.WriteFile(path, []byte(profiles), 0o600))
	}
	t.Setenv("TEMPORAL_CONFIG_FILE", path)
}

func load(t *testing.T, o temporalclient.Options) client.Options {
	t.Helper()
	o.Logger = zap.NewNop()
	options, err := temporalclient.Load(o)
	require.NoError(t, err)
	require.NotNil(t, options.Logger)
	return options
}

func TestWithoutConfigurationTemporalIsOnThisMachine(t *testing.T) {
	nothingConfigured(t, "")
	options := load(t, temporalclient.Options{Metrics: client.MetricsNopHandler})
	require.Equal(t, "localhost:7233", options.HostPort)
	require.Equal(t, "default", options.Namespace)
	require.Nil(t, options.Credentials)
	require.Nil(t, options.ConnectionOptions.TLS)
	require.Equal(t, client.MetricsNopHandler, options.MetricsHandler)
}

func TestTheEnvironmentIsTheStandardOne(t *testing.T) {
	nothingConfigured(t, "")
	t.Setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "marketing")
	t.Setenv("TEMPORAL_API_KEY", "an invented key")
	options := load(t, temporalclient.Options{})
	require.Equal(t, "temporal.example:7233", options.HostPort)
	require.Equal(t, "marketing", options.Namespace)
	require.NotNil(t, options.Credentials)
	require.NotNil(t, options.ConnectionOptions.TLS, "a key travels encrypted only")
}

const profiles = `
[profile.default]
address = "one.example:7233"
namespace = "one"
[profile.two]
address = "two.example:7233"
namespace = "two"
`

func TestProfilesAreThoseOfTheTemporalCommand(t *testing.T) {
	nothingConfigured(t, profiles)
	options := load(t, temporalclient.Options{})
	require.Equal(t, "one.example:7233", options.HostPort)
	require.Equal(t, "one", options.Namespace)

	t.Setenv("TEMPORAL_PROFILE", "two")
	options = load(t, temporalclient.Options{})
	require.Equal(t, "two.example:7233", options.HostPort)
	require.Equal(t, "two", options.Namespace)

	t.Setenv("TEMPORAL_NAMESPACE", "three")
	require.Equal(t, "three", load(t, temporalclient.Options{}).Namespace, "the environment wins over the file")

	t.Setenv("TEMPORAL_PROFILE", "four")
	_, err := temporalclient.Load(temporalclient.Options{Logger: zap.NewNop()})
	require.ErrorContains(t, err, "reading the Temporal configuration: ")
	require.ErrorContains(t, err, "four")
}

func TestFlagsWin(t *testing.T) {
	nothingConfigured(t, profiles)
	t.Setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "marketing")
	options := load(t, temporalclient.Options{Address: "127.0.0.1:7999", Namespace: "demo"})
	require.Equal(t, "127.0.0.1:7999", options.HostPort)
	require.Equal(t, "demo", options.Namespace)
}

func TestAnAddressWhereNothingAnswersIsSaidWithTheRemedy(t *testing.T) {
	nothingConfigured(t, "")
	t.Setenv("TEMPORAL_API_KEY", "an invented key")
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, err = temporalclient.Dial(t.Context(), temporalclient.Options{Address: address, Namespace: "demo", Logger: zap.NewNop()})
	require.ErrorContains(t, err, "connecting to Temporal at "+address+" (namespace demo): ")
	require.ErrorContains(t, err, `start it with "audiencesync up", or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE`)
	require.NotContains(t, err.Error(), "an invented key")
}

func TestANamespaceThatIsNotThereIsNamedWithWhatToDo(t *testing.T) {
	nothingConfigured(t, "")
	address := devservertest.ForTest(t).Address()
	_, err := temporalclient.Dial(t.Context(), temporalclient.Options{Address: address, Namespace: "nobodys", Logger: zap.NewNop()})
	require.EqualError(t, err, "Temporal at "+address+" has no namespace nobodys: set --namespace or TEMPORAL_NAMESPACE to one that it has, "+
		"or create it with: temporal operator namespace create --namespace nobodys")
	c, err := temporalclient.Dial(t.Context(), temporalclient.Options{Address: address, Logger: zap.NewNop()})
	require.NoError(t, err)
	c.Close()
}
