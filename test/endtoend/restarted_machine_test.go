package endtoend

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"; "time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// slowBatches gives a run some seconds in send.
const slowBatches = "rules: [{match: {path: /api/v1beta/contacts/batch}, latency: 1500ms}]"

func TestAMachineThatIsStoppedInMidRunGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 20_000, seed: 12, faults: slowBatches})
	settings := copyDemo(t, vendors)
	before := up(t, settings, "")
	watching := before.start(t, "run", before.sync, "--output", "json")
	vendors.eventually(t, "the run should be in send", func(s simulator.Stats) bool { return s.Batches >= 4 })
	t.Log("stopping", time.Now()); 	server := before.serverPID(t)

	code, err := before.program.Stop(stopWithin)
	require.NoError(t, err)
	require.Zero(t, code, before.program.Stderr())
	requireGone(t, before.program.PID())
	requireGone(t, server)
	stopped := vendors.stats(t)
	require.Less(t, stopped.Batches, int64(20), "the run should not be over yet")

	t.Log("stopped", time.Now()); left := finish(t, watching); t.Log("watch ended", time.Now())
	t.Log(left.code, left.stdout, left.stderr)

	vendors.setFaults(t, "{}")
	after := up(t, settings, before.dir)
	ended := after.do(t, "run", after.sync, "--output", "json")
	require.Zero(t, ended.code, ended.stderr)
	t.Log("ended", time.Now(), ended.stderr); 	require.Contains(t, ended.stderr, "A run of demo is going already")
	report, stats := reportOf(t, ended), vendors.stats(t)
	require.EqualValues(t, 1, report.Run)
	require.Equal(t, stats.Contacts, report.Outcomes.Created)
	require.Equal(t, stats.Contacts, *report.Segment.Counted)
	require.Zero(t, stats.ContactsUpsertedAgain, "a worker that is asked to stop finishes its requests and stores their outcomes")
	require.Equal(t, report.Batches, stats.Batches)
}

// serverPID is the process of the machine's Temporal server.
func (m machine) serverPID(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.dir, "temporal.json"))
	require.NoError(t, err)
	var state struct {
		PID int `json:"pid"`
	}
	require.NoError(t, json.Unmarshal(content, &state))
	require.NoError(t, syscall.Kill(state.PID, 0), "the machine's Temporal server should be running")
	return state.PID
}
