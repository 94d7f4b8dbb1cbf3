package endtoend

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/workflows"
)

// soonDead is how a worker is started whose death is noticed soon.
var soonDead = []string{"--heartbeat-timeout", "3s"}

func TestAWorkerKilledAfterEachOfTwentyBatchesInTurnHasThoseTwentySentAgainAndNothingElse(t *testing.T) {
	t.Parallel()
	const batches = 20
	people := audienceOf{members: 400, seed: 11}
	edits := append(batchesOf(20), "requests_in_flight: 8", "requests_in_flight: 1")

	calm := simulate(t, people)
	calmSite := deploy(t, copyDemo(t, calm, edits...))
	calmSite.startWorker(t)
	undisturbed := calmSite.do(t, "run", calmSite.sync, "--output", "json")
	require.Zero(t, undisturbed.code, undisturbed.stderr)
	require.EqualValues(t, batches, calm.stats(t).Batches)

	vendors := simulate(t, people)
	replies := holdFirstReplies(t, vendors.charles)
	site := deploy(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: replies.address}, edits...))
	worker := site.startWorker(t, soonDead...)
	run := site.start(t, "run", site.sync, "--output", "json")
	for range batches {
		replies.await(t)
		// A worker sends the next batch while it settles the one before, which a kill
		// would have sent again too.
		site.awaitSettled(t, replies.delivered.Load())
		worker.Kill()
		site.forgetWorker(t, "demo")
		worker = site.startWorker(t, soonDead...)
	}
	ended := finish(t, run)

	require.Zero(t, ended.code, ended.stderr)
	want, got := accountOf(reportOf(t, undisturbed)), accountOf(reportOf(t, ended))
	require.Equal(t, want, got)
	stats := vendors.stats(t)
	require.EqualValues(t, 2*batches, stats.Batches, "each batch was sent once more, and nothing else")
	require.Equal(t, stats.Contacts, stats.DuplicateEffects, "each contact came once more, and changed nothing")
	require.Equal(t, calm.contents(t), vendors.contents(t))
}

// forgetWorker lets the server give workflow tasks of the sync to any worker at once;
// else it waits 5 s for the dead one.
func (d deployment) forgetWorker(t *testing.T, sync string) {
	t.Helper()
	_, err := d.client(t).WorkflowService().ResetStickyTaskQueue(t.Context(), &workflowservice.ResetStickyTaskQueueRequest{
		Namespace: d.namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.SyncID(sync)},
	})
	require.NoError(t, err)
}

// contents are the contacts by reference, without what tells how they came about.
func (s simulators) contents(t *testing.T) map[string]contacts.Contact {
	t.Helper()
	all := map[string]contacts.Contact{}
	for _, contact := range s.contacts(t) {
		contact.ID, contact.Upserts = "", 0
		all[contact.Reference] = contact
	}
	return all
}
