// Package integration tests whole runs on a real Temporal server: a worker with
// its ledger in a file, and both vendors as HTTP servers that go wrong when a
// test says so.
package integration

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.temporal.io/sdk/worker"

	"audiencesync/internal/devserver/devservertest"
)

// Variables that a test sets for a second process of these tests.
const (
	// serverVariable names the Temporal server to use instead of an own one.
	serverVariable = "AUDIENCESYNC_TEST_TEMPORAL"
	// forgetfulVariable lets workers forget a workflow after every task
	// (forgetful_test.go).
	forgetfulVariable = "AUDIENCESYNC_TEST_FORGETFUL"
)

func TestMain(m *testing.M) {
	if os.Getenv(forgetfulVariable) != "" {
		worker.SetStickyWorkflowCacheSize(0)
	}
	// Runs mostly wait: for Hello Charles, for a count, for the next try.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(devservertest.Main(m))
}

// serverAddress is where the Temporal server of these tests listens.
func serverAddress(t *testing.T) string {
	t.Helper()
	if address := os.Getenv(serverVariable); address != "" {
		return address
	}
	return devservertest.ForTest(t).Address()
}
