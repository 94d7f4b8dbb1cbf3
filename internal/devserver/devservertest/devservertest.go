// Package devservertest gives tests a real Temporal server.
package devservertest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"audiencesync/internal/devserver"
)

// shared is the one server of a test process.
var shared struct {
	sync.Mutex
	server *devserver.Server
	err    error
}

// ForTest returns the Temporal server of this test process: in memory, on a
// free port, without web UI, with the namespace "default". The first call starts
// it; all tests of the process share it, so they use names of their own for task
// queues and workflows.
//
// A test without a server fails, with the remedy; it is never skipped. On Linux
// the server ends with the test process; elsewhere the package needs Main.
func ForTest(tb testing.TB) *devserver.Server {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		// Not the context of the first test: the server is for all of them.
		shared.server, shared.err = devserver.Start(context.Background(), devserver.Options{Headless: true})
	}
	if shared.err != nil {
		tb.Fatalf("this test needs a Temporal server: %v", shared.err)
	}
	return shared.server
}

// Main runs the tests and stops the server afterwards:
//
//	func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return code
	}
	if err := shared.server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
