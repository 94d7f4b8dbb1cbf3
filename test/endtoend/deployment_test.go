package endtoend

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/internal/devserver"
	"audiencesync/test/endtoend/programs"
	"audiencesync/test/site"
)

// shared is the Temporal server of all tests that start workers of their own.
var shared struct {
	sync.Mutex
	server *devserver.Server
}

// sharedServer returns the address of the server, which the first call starts.
func sharedServer(t *testing.T) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		// Not the context of this test: the server is for all of them.
		server, err := devserver.Start(context.Background(), devserver.Options{Binary: built.temporal, Headless: true})
		require.NoError(t, err)
		shared.server = server
	}
	return shared.server.Address()
}

func stopSharedServer() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	return shared.server.Stop()
}

// deployment is what an operator runs beside a Temporal server: settings, a
// ledger and a worker. Its namespace keeps it apart from those of other tests.
type deployment struct {
	settings
	address   string
	namespace string
	ledger    string
}

// deploy prepares a deployment; no worker is running yet.
func deploy(t *testing.T, s settings) deployment {
	t.Helper()
	d := deployment{
		settings: s, address: sharedServer(t), namespace: "test-" + uuid.NewString()[:8],
		ledger: "sqlite:" + filepath.Join(t.TempDir(), "ledger.db"),
	}
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: d.address})
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: d.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	require.Eventually(t, func() bool { return knowsNamespace(t, d) }, startWithin, poll, "the server does not know the new namespace")
	return d
}

// knowsNamespace reports whether workflows can be asked for in the namespace,
// which a server allows some time after the registration.
func knowsNamespace(t *testing.T, d deployment) bool {
	t.Helper()
	c, err := client.DialContext(t.Context(), d.clientOptions())
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
	return err == nil
}

func (d deployment) clientOptions() client.Options {
	return client.Options{HostPort: d.address, Namespace: d.namespace}
}

// client is for what the command line has no verb for.
func (d deployment) client(t *testing.T) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), d.clientOptions())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// startWorker starts audiencesync-worker, with more flags if given, and returns when it
// can work.
func (d deployment) startWorker(t *testing.T, flags ...string) *programs.Program {
	t.Helper()
	listen := freeAddress(t)
	p := start(t, programs.Command{
		Name: "worker", Path: built.Worker,
		Args: append([]string{
			"--address", d.address, "--namespace", d.namespace, "--connections", d.connections,
			"--ledger", d.ledger, "--listen", listen,
		}, flags...),
	})
	awaitOK(t, p, "http://"+listen+"/readyz")
	return p
}

// command completes the arguments of a command that talks to Temporal.
func (d deployment) command(args ...string) []string {
	return append(args, "--address", d.address, "--namespace", d.namespace)
}

// do runs such a command to its end.
func (d deployment) do(t *testing.T, args ...string) result {
	t.Helper()
	return audiencesync(t, d.command(args...)...)
}

// start starts such a command.
func (d deployment) start(t *testing.T, args ...string) *programs.Program {
	t.Helper()
	return start(t, programs.Command{Name: "audiencesync-" + args[0], Path: built.AudienceSync, Args: d.command(args...)})
}

// awaitSettled waits until the ledger has the outcomes of so many batches.
func (d deployment) awaitSettled(t *testing.T, batches int64) {
	t.Helper()
	db, err := site.OpenLedger(d.ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var settled int64
	require.Eventually(t, func() bool {
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM batches WHERE state = 'settled'`).Scan(&settled)
		return assert.NoError(t, err) && settled >= batches
	}, runWithin, poll, "replies to %d batches were delivered", batches)
	require.Equal(t, batches, settled)
}
