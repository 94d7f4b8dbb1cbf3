package integration

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// proofDue lets the schedule of proofs act, and returns the due run.
func (w *world) proofDue(t *testing.T, spec config.Sync) client.WorkflowRun {
	t.Helper()
	found := w.onceDue(t, spec, schedule.Proofs, nil)
	require.NoError(t, found.Trigger(t.Context()))
	return w.dueRun(t, w.client.ScheduleClient().GetHandle(t.Context(), workflows.VerifyScheduleID(spec.Sync)))
}

func TestAScheduledProofReadsAndSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	w.run(t, spec)
	awaitNextSecond(t) // due times are whole seconds
	before := w.Stats()
	due := resultOf(t, w.proofDue(t, spec))
	require.False(t, due.Joined, "the run had ended before")
	require.Equal(t, string(audience.Equal), due.Ended)
	after := w.Stats()
	require.Equal(t, before.UpsertsReceived, after.UpsertsReceived)
	require.Equal(t, before.Requests["members"], after.Requests["members"])
	report, err := w.end(t, w.newest(t, spec))
	require.NoError(t, err)
	require.True(t, report.Verified)
	require.Equal(t, due.Run, report.Run)
}

func TestAProofThatIsDueIsSatisfiedByTheRunThatIsGoing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	held := w.charles.hold(http.MethodPost, contactsPath, 0)
	going := w.started(t, spec)
	held.await(t, 1)
	due := w.proofDue(t, spec)
	w.awaitWaiting(t, due)
	held.release()
	result := resultOf(t, due)
	require.True(t, result.Joined)
	require.Equal(t, string(audience.Explained), result.Ended)
	require.Equal(t, going.GetRunID(), w.newest(t, spec).GetRunID(), "a proof was made besides")
}

func TestAPlanThatIsGoingProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	w.run(t, spec)
	held := w.zeotap.hold(http.MethodGet, membersPath, 0)
	_, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, PlanOnly: true})
	require.NoError(t, err)
	held.await(t, 1)
	due := w.proofDue(t, spec)
	w.awaitWaiting(t, due)
	held.release()
	result := resultOf(t, due)
	require.False(t, result.Joined)
	require.Equal(t, string(audience.Equal), result.Ended)
}

func TestARunThatIsDueWaitsForAProofAndRunsAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	w.run(t, spec)
	held := w.charles.hold(http.MethodGet, "/api/v1/contact_lists/seg-984/preview", 0)
	_, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true})
	require.NoError(t, err)
	held.await(t, 1)
	found := w.onceDue(t, spec, schedule.Runs, nil)
	require.NoError(t, found.Trigger(t.Context()))
	due := w.dueRun(t, w.client.ScheduleClient().GetHandle(t.Context(), workflows.SyncID(spec.Sync)))
	w.awaitWaiting(t, due)
	held.release()
	require.False(t, resultOf(t, due).Joined)
	report, err := w.end(t, w.newest(t, spec))
	require.NoError(t, err)
	require.False(t, report.Verified)
}

func TestAScheduledProofThatIsNotGoodIsToldAndAGoodOneIsNoRun(t *testing.T) {
	t.Parallel()
	w, slack, monitor, spec := notified(t, 300)
	w.run(t, spec)
	w.awaitTold(t, 1)
	require.Len(t, monitor.events(), 1)
	found := w.onceDue(t, spec, schedule.Proofs, nil)
	require.Equal(t, string(audience.Equal), w.acts(t, found).Ended)
	w.awaitTold(t, 2)
	require.Empty(t, slack.events())
	require.Len(t, monitor.events(), 1, "the monitor is for runs")

	w.addMarked("shop", "s1")
	for range 2 {
		require.Equal(t, activities.TypeVerdictUnexplained, w.acts(t, w.lookSchedule(t, spec, schedule.Proofs)).Ended)
	}
	w.awaitTold(t, 4)
	require.Equal(t, []config.NotifyEvent{config.NotifyBad}, slack.events(), "once")
	require.Contains(t, slack.messages[0].Text, "Sync demo is not good: run 3, which only proves, is unexplained.")
	require.False(t, w.lookSchedule(t, spec, schedule.Proofs).Paused(), "a verdict is no failure")
}
