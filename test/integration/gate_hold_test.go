package integration

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// storedReport is the report of the second run as the ledger keeps it.
func (w *world) storedReport(t *testing.T) audience.Report {
	t.Helper()
	run, err := w.ledger(t).Run(t.Context(), ledger.RunRef{Sync: demo(t).Sync, Run: 2})
	require.NoError(t, err)
	require.True(t, run.Closed)
	var report audience.Report
	require.NoError(t, json.Unmarshal(run.Report, &report))
	return report
}

// shrunk is a world of 50 marked people, of whom 30 have left the audience.
func shrunk(t *testing.T) *world {
	t.Helper()
	w := newMirror(t, everyone(0, 50), batchesOf(10))
	setAudience(t, w.Simulator, everyone(0, 20))
	return w
}

// awaitGate waits until the run asks about those who left, and checks that it has
// sent nothing.
func (w *world) awaitGate(t *testing.T, spec config.Sync, than *workflows.Hold, why string) *workflows.Hold {
	t.Helper()
	hold := w.awaitOtherHold(t, spec, than)
	require.Equal(t, workflows.HoldApproval, hold.Kind)
	require.Contains(t, hold.Why, why)
	p, err := w.progress(t.Context(), spec)
	require.NoError(t, err)
	require.Equal(t, workflows.PhaseGate, p.Phase)
	w.requireOnlyFirstRun(t)
	return hold
}

const sixtyPercent = "30 contacts would be unmarked, 60% of the 50 that the sync has marked; gate.leavers.share is 20%"

// requireOnlyFirstRun finds no request but those of the first run.
func (w *world) requireOnlyFirstRun(t *testing.T) {
	t.Helper()
	require.Len(t, w.sends(t), 5)
	w.requireMarked(t, everyone(0, 50))
}

// awaitDropped waits until what the second run has read is dropped.
func (w *world) awaitDropped(t *testing.T) {
	t.Helper()
	book := w.ledger(t)
	require.Eventually(t, func() bool {
		run, err := book.Run(t.Context(), ledger.RunRef{Sync: demo(t).Sync, Run: 2, Epoch: 2})
		return err == nil && run.Decision == nil && run.Snapshot == nil
	}, patience, 20*time.Millisecond, "what was read is still there")
}

func TestAnAudienceThatShrinksWaitsAtTheGateAndIsFollowedOnceApproved(t *testing.T) {
	t.Parallel()
	w, spec := shrunk(t), mirror(t)
	run := w.started(t, spec)
	hold := w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent)
	require.ErrorContains(t, w.steer(t, spec, workflows.UpdateApprove, "another"), hold.ID)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	require.Equal(t, audience.Leavers{Removed: 30}, report.Leavers)
	require.Equal(t, int64(20), *report.Segment.Counted)
	w.requireMarked(t, everyone(0, 20))

	stored := w.storedReport(t)
	require.Equal(t, []string{sixtyPercent}, stored.Plan.Beyond)
	require.Len(t, stored.Decisions, 1)
	require.Equal(t, audience.Approve, stored.Decisions[0].What)
	require.Equal(t, hold.ID, stored.Decisions[0].About)
	require.Equal(t, "integration-test", stored.Decisions[0].By)
}

func TestAnAudienceThatShrinksLeavesAllAsItIsWhenThatIsDeclined(t *testing.T) {
	t.Parallel()
	w, spec := shrunk(t), mirror(t)
	run := w.started(t, spec)
	hold := w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent)
	require.NoError(t, w.steer(t, spec, workflows.UpdateDecline, hold.ID))
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeDeclined)
	require.Equal(t, audience.EndedDeclined, report.Ended)
	require.Equal(t, audience.Leavers{Unresolved: 30}, report.Leavers)
	require.Equal(t, int64(50), report.Segment.Expected)
	w.requireOnlyFirstRun(t)
	stored := w.storedReport(t)
	require.Equal(t, audience.Decline, stored.Decisions[0].What)
	require.Equal(t, audience.EndedDeclined, stored.Ended)
	require.Contains(t, stored.Explanation[len(stored.Explanation)-1], "declined by integration-test")

	run = w.started(t, spec)
	again := w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent)
	require.NotEqual(t, hold.ID, again.ID, "an answer of before would do for the next run")
	require.NoError(t, w.steer(t, spec, workflows.UpdateDecline, again.ID))
	_, err = w.end(t, run)
	require.Error(t, err)
}

func TestAScheduledRunOfAnAudienceThatShrinksFailsWhereItMayNotAsk(t *testing.T) {
	t.Parallel()
	w, spec := shrunk(t), mirror(t)
	spec.Gate.Scheduled = config.ScheduledFail
	run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, Scheduled: true})
	require.NoError(t, err)
	require.False(t, joined)
	_, err = w.end(t, run)
	report := failed(t, err, activities.TypeNotApproved)
	require.ErrorContains(t, err, sixtyPercent+"; gate.scheduled is fail")
	require.Equal(t, audience.EndedFailed, report.Ended)
	require.Empty(t, report.Decisions)
	w.requireOnlyFirstRun(t)
	require.Contains(t, w.storedReport(t).Explanation[1], "gate.scheduled is fail")
}

func TestARunOfAnAudienceThatShrinksFailsWhenNobodyDecides(t *testing.T) {
	t.Parallel()
	w, spec := shrunk(t), mirror(t)
	spec.Limits.WaitForDecision = config.Duration(time.Second)
	_, err := w.end(t, w.started(t, spec))
	report := failed(t, err, activities.TypeNotApproved)
	require.ErrorContains(t, err, "nobody approved it within 1s (limits.wait_for_decision)")
	require.Equal(t, audience.EndedFailed, report.Ended)
	w.requireOnlyFirstRun(t)
	require.Empty(t, w.storedReport(t).Decisions)
}

// late is a run that waits for a decision until what it read is dropped.
func (w *world) late(t *testing.T) (config.Sync, client.WorkflowRun, *workflows.Hold) {
	t.Helper()
	spec := mirror(t)
	spec.Gate.KeepFor = config.Duration(time.Second)
	run := w.started(t, spec)
	hold := w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent)
	w.awaitDropped(t)
	return spec, run, hold
}

func TestAnApprovalThatComesLateIsForTheAudienceOfNow(t *testing.T) {
	t.Parallel()
	w := shrunk(t)
	spec, run, hold := w.late(t)
	setAudience(t, w.Simulator, everyone(0, 25), 7) // 5 came back, one changed
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	// One change is more than none: it is asked about.
	second := w.awaitGate(t, spec, hold, "25 contacts would be unmarked, 50% of the 50")
	setAudience(t, w.Simulator, everyone(0, 30), 7)
	w.awaitDropped(t)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, second.ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	require.Equal(t, audience.Leavers{Removed: 20}, report.Leavers, "those who came back meanwhile have not left")
	require.Equal(t, int64(30), report.Source.Read)
	require.Equal(t, audience.Outcomes{Unchanged: 29, Updated: 1}, report.Outcomes)
	w.requireMarked(t, everyone(0, 30))
	require.Len(t, w.storedReport(t).Decisions, 2)
}

func TestAnApprovalThatComesLateIsNoneForMoreThanWasApproved(t *testing.T) {
	t.Parallel()
	w := shrunk(t)
	spec, run, hold := w.late(t)
	setAudience(t, w.Simulator, everyone(0, 19))
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	second := w.awaitGate(t, spec, hold, "31 contacts would be unmarked, 62% of the 50")
	require.NoError(t, w.steer(t, spec, workflows.UpdateDecline, second.ID))
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeDeclined)
	require.Len(t, report.Decisions, 2)
	w.requireOnlyFirstRun(t)
}

func TestARunThatIsDeclinedLateKeepsNothingOfWhatItRead(t *testing.T) {
	t.Parallel()
	w := shrunk(t)
	spec, run, hold := w.late(t)
	require.NoError(t, w.steer(t, spec, workflows.UpdateDecline, hold.ID))
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeDeclined)
	require.Equal(t, int64(30), report.Plan.Leavers, "what it was about stays in the report")
	w.requireOnlyFirstRun(t)
}

func TestAnotherWorkerGoesOnWithARunThatWaitsAtTheGate(t *testing.T) {
	t.Parallel()
	w := shrunk(t)
	spec := mirror(t)
	run := w.started(t, spec)
	hold := w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent)
	require.NoError(t, w.worker.Stop())
	w.worker = nil
	w.startWorker(t)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Leavers{Removed: 30}, report.Leavers)
}

func TestAPlanShowsTheGateAndSendsNothing(t *testing.T) {
	t.Parallel()
	w, spec := shrunk(t), mirror(t)
	run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, PlanOnly: true})
	require.NoError(t, err)
	require.False(t, joined)
	planned, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.EndedPlanned, planned.Ended)
	require.Equal(t, []string{sixtyPercent}, planned.Plan.Beyond)
	require.Equal(t, int64(3), planned.Plan.Requests)
	w.requireOnlyFirstRun(t)

	run = w.started(t, spec)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitGate(t, spec, &workflows.Hold{}, sixtyPercent).ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, planned.Plan, report.Plan)
	require.Equal(t, planned.Plan.Requests, report.Requests)
}
