package telemetry_test

import (
	"bytes"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/telemetry"
)

// TestWhatLibrariesQuoteOfAnAnswerIsNotWritten changes the log of the whole process, so it
// runs beside no other test. That the programs do so is seen by `make faults`: an answer of
// a wrong length must leave nothing in the worker's log.
func TestWhatLibrariesQuoteOfAnAnswerIsNotWritten(t *testing.T) { //nolint:paralleltest // It changes the process.
	var written bytes.Buffer
	before := log.Writer()
	log.SetOutput(&written)
	t.Cleanup(func() { log.SetOutput(before) })
	telemetry.SilenceStandardLog()
	log.Print("Unsolicited response received on idle HTTP channel starting with +4915112345678")
	require.Empty(t, written.String())
}
