package integration

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// drainFor is how long a run that is cancelled waits for requests that are under way.
const drainFor = 30 * time.Second

// awaitTimer returns when the run has started a timer of so long.
func (w *world) awaitTimer(t *testing.T, run client.WorkflowRun, timeout time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events := w.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err, "no timer of %s", timeout)
		if timer := event.GetTimerStartedEventAttributes(); timer.GetStartToFireTimeout().AsDuration() == timeout {
			return
		}
	}
	require.FailNow(t, "the history ended without the timer", "%s", timeout)
}

// cancelled cancels a run from outside, as Temporal's web UI does.
func (w *world) cancelled(t *testing.T) func(client.WorkflowRun) error {
	t.Helper()
	return func(run client.WorkflowRun) error {
		return w.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID())
	}
}

// orderedToEnd cancels a run as the command line does.
func (w *world) orderedToEnd(t *testing.T) func(client.WorkflowRun) error {
	t.Helper()
	return func(client.WorkflowRun) error { return w.steer(t, demo(t), workflows.UpdateCancel, "") }
}

// cancelInMidSend cancels a run after five requests, while two more are under
// way, and lets those end.
func (w *world) cancelInMidSend(t *testing.T, spec config.Sync, cancel func(run client.WorkflowRun) error) client.WorkflowRun {
	t.Helper()
	held := w.charles.hold(http.MethodPost, contactsPath, 5)
	run := w.started(t, spec)
	held.await(t, 2)
	require.NoError(t, cancel(run))
	w.awaitTimer(t, run, drainFor)
	held.release()
	return run
}

// reportOfCancelled waits for a run to end as cancelled and returns its report.
func (w *world) reportOfCancelled(t *testing.T, run client.WorkflowRun) *audience.Report {
	t.Helper()
	_, err := w.end(t, run)
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	var report audience.Report
	require.NoError(t, canceled.Details(&report))
	require.Equal(t, "cancelled", report.Ended)
	return &report
}

func TestACancelledRunLeavesLedgerAndHelloCharlesInAgreement(t *testing.T) {
	t.Parallel()
	t.Run("by an order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 400, batchesOf(25), inFlight(2))
		report := w.requireAgreementAfterCancel(t, w.orderedToEnd(t))
		require.Len(t, report.Decisions, 1)
		require.Equal(t, audience.Cancel, report.Decisions[0].What)
		require.Equal(t, "integration-test", report.Decisions[0].By)
		require.Contains(t, report.Explanation, "cancelled by integration-test")
	})
	t.Run("from outside", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 400, batchesOf(25), inFlight(2))
		w.requireAgreementAfterCancel(t, w.cancelled(t))
	})
}

// requireAgreementAfterCancel cancels a run in mid-send, and expects that the ledger,
// the report and Hello Charles agree, and that the next run sends only what is left.
func (w *world) requireAgreementAfterCancel(t *testing.T, cancel func(run client.WorkflowRun) error) *audience.Report {
	t.Helper()
	spec := demo(t)
	report := w.reportOfCancelled(t, w.cancelInMidSend(t, spec, cancel))

	stats := w.Stats()
	require.Equal(t, stats.Contacts, report.Outcomes.Taken())
	require.Equal(t, report.Segment.Expected, stats.Contacts)
	require.Equal(t, report.Source.Read, report.Outcomes.Total())
	require.Positive(t, report.Outcomes.Unresolved)
	require.Equal(t, report.Outcomes.Unresolved, report.Reasons[string(audience.NotSentBeforeEnd)],
		"the fate of a request is unknown although it was waited for")
	require.Equal(t, w.heldReferences(), w.markedReferences(t, spec), "the ledger and Hello Charles hold others")
	require.LessOrEqual(t, w.sentBatches(), 5+2*2, "more than what was sent before the order, and the window that was under way then")

	next := w.run(t, spec)
	require.Equal(t, int64(2), next.Run)
	require.Equal(t, audience.Explained, next.Verdict)
	require.Equal(t, report.Outcomes.Taken(), next.Outcomes.Unchanged)
	stats = w.Stats()
	require.Equal(t, stats.Contacts, next.Outcomes.Unchanged+next.Outcomes.Taken())
	require.Equal(t, stats.Contacts, stats.UpsertsReceived, "the next run sent more than what was left")
	require.Zero(t, stats.DuplicateEffects)
	require.Equal(t, w.heldReferences(), w.markedReferences(t, spec))
	requireContactByContact(t, w)
	return report
}

// heldReferences are the references that Hello Charles holds, in order.
func (w *world) heldReferences() []string {
	var held []string
	for contact := range w.Contacts() {
		held = append(held, contact.Reference)
	}
	slices.Sort(held)
	return held
}

// markedReferences are the references that the ledger knows to be marked by the sync, in
// order. Of none it is in doubt.
func (w *world) markedReferences(t *testing.T, spec config.Sync) []string {
	t.Helper()
	var marked []string
	for member, err := range w.ledger(t).Memberships(t.Context(), spec.Sync) {
		require.NoError(t, err)
		require.Equal(t, ledger.MemberYes, member.Membership)
		marked = append(marked, member.Reference)
	}
	slices.Sort(marked)
	return marked
}

// sentBatches counts the requests for contacts that have reached Hello Charles.
func (w *world) sentBatches() int {
	sent := 0
	for _, request := range w.Journal() {
		if request.Method == http.MethodPost && strings.HasPrefix(request.Path, contactsPath) {
			sent++
		}
	}
	return sent
}

func TestATerminatedRunIsFoldedByTheNextOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, batchesOf(25), inFlight(2))
	spec := demo(t)
	held := w.charles.hold(http.MethodPost, contactsPath, 5)
	run := w.started(t, spec)
	held.await(t, 2)
	require.NoError(t, w.client.TerminateWorkflow(t.Context(), run.GetID(), run.GetRunID(), "test"))
	next := w.started(t, spec)
	held.release()

	report, err := w.end(t, next)
	require.NoError(t, err)
	require.Equal(t, audience.Explained, report.Verdict)
	stats := w.Stats()
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, stats.Contacts)
	require.Equal(t, stats.Contacts, report.Outcomes.Unchanged+report.Outcomes.Taken())
	// The window of the dead run is twice its requests in flight.
	require.LessOrEqual(t, stats.DuplicateEffects, int64(2*2*25), "more was sent again than what was under way")
}

func TestACancellationThatComesWhileNoWorkerIsThereIsHeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 200, batchesOf(25), inFlight(1))
	spec := demo(t)
	spec.Limits.BatchesPerHistory = 1
	// The first batch goes alone; the second is the only one of this history.
	held := w.charles.hold(http.MethodPost, contactsPath, 1)
	run := w.started(t, spec)
	held.await(t, 1)
	// While the worker stops it ends its requests but takes no workflow task:
	// the end of the batch and the cancellation meet in the next one.
	stopped := make(chan error, 1)
	go func() { stopped <- w.worker.Stop() }()
	require.NoError(t, w.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	held.release()
	require.NoError(t, <-stopped)
	w.worker = nil
	w.startWorker(t)

	report := w.reportOfCancelled(t, w.client.GetWorkflow(t.Context(), run.GetID(), ""))
	require.Equal(t, w.Stats().Contacts, report.Outcomes.Taken())
	require.Len(t, w.histories(t, run.GetID(), run.GetRunID()), 1)
}

func TestAWorkerThatTakesOverGoesOnWhereTheOtherStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, batchesOf(25), inFlight(2))
	held := w.charles.hold(http.MethodPost, contactsPath, 5)
	spec := demo(t)
	run := w.started(t, spec)
	held.await(t, 2)
	held.release()
	require.NoError(t, w.worker.Stop())
	w.worker = nil
	w.startWorker(t)
	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	require.Zero(t, w.Stats().DuplicateEffects)
}
