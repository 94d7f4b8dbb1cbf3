package endtoend

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// crowd is the audience of the tests that disturb a run.
var crowd = audienceOf{members: 3000, seed: 11}

// requestsInFlight is the bound of the demo's connection.
const requestsInFlight = 8

// inPieces are the edits that give a small audience many pages and batches.
func inPieces() []string {
	return append(batchesOf(250), "kind: zeotap-api", "kind: zeotap-api\n    page_size: 250")
}

// account is what a report says about the members, without telling created from
// updated: a contact that is sent again after a crash is updated.
type account struct {
	read, unchanged, taken, invalid, duplicate, others int64

	reasons  map[string]int64
	expected int64
	counted  int64
	verdict  audience.Verdict
	good     bool
	batches  int64
}

func accountOf(r audience.Report) account {
	o := r.Outcomes
	return account{
		read: r.Source.Read, unchanged: o.Unchanged, taken: o.Taken(), invalid: o.Invalid, duplicate: o.Duplicate,
		others: o.Suppressed + o.Refused + o.Unresolved, reasons: r.Reasons,
		expected: r.Segment.Expected, counted: *r.Segment.Counted, verdict: r.Verdict, good: r.Acceptable, batches: r.Batches,
	}
}

func TestARunWhoseWorkerIsKilledEndsLikeAnUndisturbedRun(t *testing.T) {
	t.Parallel()
	calm := calmAccount(t)

	t.Run("in read", func(t *testing.T) {
		t.Parallel()
		vendors := simulate(t, crowd)
		pages := newGate(t, vendors.zeotap, "/members", 5)
		site := deploy(t, copyDemo(t, simulators{zeotap: pages.address, charles: vendors.charles}, inPieces()...))
		worker := site.startWorker(t)
		run := site.start(t, "run", site.sync, "--output", "json")
		pages.awaitHeld(t, 1)
		require.Zero(t, vendors.stats(t).UpsertsReceived)

		worker.Kill()
		pages.open()
		site.startWorker(t)

		ended := finish(t, run)
		require.Zero(t, ended.code, ended.stderr)
		require.Equal(t, calm, accountOf(reportOf(t, ended)))
		stats := vendors.stats(t)
		// The next page is fetched while one is stored.
		require.Contains(t, []int64{13, 14}, stats.Requests["members"]["200"],
			"only the page whose answer was lost, and the one that was being stored meanwhile, are read again")
		require.Equal(t, calm.batches, stats.Batches)
		require.Zero(t, stats.ContactsUpsertedAgain)
	})

	t.Run("in send", func(t *testing.T) {
		t.Parallel()
		vendors := simulate(t, crowd)
		batches := newGate(t, vendors.charles, "/batch", 1) // The first batch, which goes alone: settled when others are sent.
		site := deploy(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: batches.address}, inPieces()...))
		worker := site.startWorker(t)
		run := site.start(t, "run", site.sync, "--output", "json")
		batches.awaitHeld(t, requestsInFlight)

		worker.Kill()
		batches.open()
		site.startWorker(t)

		requireSentAgain(t, calm, finish(t, run), vendors)
	})

	t.Run("in send, with a machine of its own", func(t *testing.T) {
		t.Parallel()
		vendors := simulate(t, crowd)
		batches := newGate(t, vendors.charles, "/batch", 1) // The first batch, which goes alone: settled when others are sent.
		machine := up(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: batches.address}, inPieces()...))
		server := machine.serverPID(t)
		run := machine.start(t, "run", machine.sync, "--output", "json")
		batches.awaitHeld(t, requestsInFlight)

		machine.program.Kill()
		batches.open()
		machine = machine.up(t)
		require.NotEqual(t, server, machine.serverPID(t), "the Temporal server ends with it, and another one goes on with its state")

		requireSentAgain(t, calm, finish(t, run), vendors)
	})
}

// requireSentAgain makes sure that a run whose requests in flight were lost
// ended like a calm one, and sent nothing else again.
func requireSentAgain(t *testing.T, calm account, ended result, vendors simulators) {
	t.Helper()
	require.Zero(t, ended.code, ended.stderr)
	report, stats := reportOf(t, ended), vendors.stats(t)
	require.Equal(t, calm, accountOf(report))
	require.Equal(t, calm.taken, stats.Contacts)
	require.Positive(t, report.Outcomes.Updated, "Hello Charles had the contacts of the lost answers already")
	require.Equal(t, report.Outcomes.Updated, stats.ContactsUpsertedAgain)
	require.Equal(t, report.Batches+requestsInFlight, stats.Batches, "only the requests in flight are sent again")
	require.Equal(t, stats.Batches, report.Requests)
}

// calmAccount is the account of the crowd's run that nothing disturbs.
func calmAccount(t *testing.T) account {
	t.Helper()
	vendors := simulate(t, crowd)
	site := deploy(t, copyDemo(t, vendors, inPieces()...))
	site.startWorker(t)
	ended := site.do(t, "run", site.sync, "--output", "json")
	require.Zero(t, ended.code, ended.stderr)
	return accountOf(reportOf(t, ended))
}
