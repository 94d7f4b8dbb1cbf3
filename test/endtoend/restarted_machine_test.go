package endtoend

import (
	"errors"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// slowBatches gives a run some seconds in send.
const slowBatches = "rules: [{match: {path: /api/v1beta/contacts/batch}, latency: 1s}]"

func TestAMachineThatIsStoppedInMidRunGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 6000, seed: 12, faults: slowBatches})
	machine := up(t, copyDemo(t, vendors, batchesOf(100)...))
	watching := machine.start(t, "run", machine.sync, "--output", "json")
	vendors.eventually(t, "the run should be in send", func(s simulator.Stats) bool { return s.Batches >= 2 })
	server := machine.serverPID(t)

	code, err := machine.program.Stop(stopWithin)
	require.NoError(t, err)
	require.Zero(t, code, machine.program.Stderr())
	requireGone(t, machine.program.PID())
	requireGone(t, server)
	sent := vendors.stats(t).Batches
	require.Less(t, sent, int64(60), "the run should not be over yet")

	machine = machine.up(t)
	joining := machine.do(t, "run", machine.sync, "--output", "json")
	require.Zero(t, joining.code, joining.stderr)
	require.Contains(t, joining.stderr, "A run of demo is going already")
	report, stats := reportOf(t, joining), vendors.stats(t)
	require.EqualValues(t, 1, report.Run)
	require.Equal(t, stats.Contacts, report.Outcomes.Created)
	require.Equal(t, stats.Contacts, *report.Segment.Counted)
	require.Zero(t, stats.ContactsUpsertedAgain, "a worker that is asked to stop finishes its requests and stores their outcomes")
	require.Equal(t, report.Batches, stats.Batches)

	watched := finish(t, watching)
	require.Zero(t, watched.code, watched.stderr)
	require.Equal(t, report, reportOf(t, watched), "who was watching sees the end as well")

	_, err = machine.program.Stop(stopWithin)
	require.NoError(t, err)
	requireGone(t, machine.program.PID())
	require.NoFileExists(t, machine.dir+"/temporal.json")
}

func TestAMachineThatIsKilledInMidRunLeavesNoServerAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can tie a process to its parent")
	}
	vendors := simulate(t, audienceOf{members: 6000, seed: 13, faults: slowBatches})
	machine := up(t, copyDemo(t, vendors, batchesOf(100)...))
	watching := machine.start(t, "run", machine.sync, "--output", "json")
	vendors.eventually(t, "the run should be in send", func(s simulator.Stats) bool { return s.Batches >= 2 })
	server := machine.serverPID(t)

	machine.program.Kill()
	requireGone(t, machine.program.PID())
	require.Eventually(t, func() bool { return errors.Is(syscall.Kill(server, 0), syscall.ESRCH) }, stopWithin, poll, "its Temporal server is still there")

	machine = machine.up(t)
	watched := finish(t, watching)
	require.Zero(t, watched.code, watched.stderr)
	report, stats := reportOf(t, watched), vendors.stats(t)
	require.EqualValues(t, 1, report.Run)
	require.Equal(t, stats.Contacts, report.Outcomes.Taken())
	require.Equal(t, stats.Contacts, *report.Segment.Counted)
}

func TestAMachineKeepsToItselfWhateverTheEnvironmentSaysOfTemporal(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 10, seed: 1})
	up(t, copyDemo(t, vendors), "TEMPORAL_API_KEY=of-a-cluster", "TEMPORAL_ADDRESS=127.0.0.1:1", "TEMPORAL_NAMESPACE=elsewhere")
}
