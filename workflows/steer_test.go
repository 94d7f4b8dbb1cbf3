package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// order is an update that a person sends after a while.
type order struct {
	after  time.Duration
	update string
	steer  workflows.Steer
	// hold fills in the hold that the run waits for.
	hold bool
}

// answer is what became of an order.
type answer struct {
	rejected error
	progress workflows.Progress
}

// Reject implements the environment's callbacks.
func (a *answer) Reject(err error) { a.rejected = err }

// Accept implements the environment's callbacks.
func (a *answer) Accept() {}

// Complete implements the environment's callbacks.
func (a *answer) Complete(value any, err error) {
	if progress, ok := value.(workflows.Progress); ok {
		a.progress = progress
	}
	if err != nil {
		a.rejected = err
	}
}

// give sends orders while the run goes on and returns what becomes of each.
func give(t *testing.T, env *testsuite.TestWorkflowEnvironment, orders ...order) []*answer {
	t.Helper()
	answers := make([]*answer, len(orders))
	for i, o := range orders {
		answers[i] = &answer{}
		env.RegisterDelayedCallback(func() {
			if o.hold {
				o.steer.Hold = progress(t, env).Hold.ID
			}
			if o.steer.By == "" {
				o.steer.By = "ada"
			}
			env.UpdateWorkflow(o.update, "", answers[i], o.steer)
		}, o.after)
	}
	return answers
}

// refusing is a Hello Charles that refuses 600 of the first batch.
func refusing() *script {
	s := &script{batches: 4, window: 2}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch > 1 {
			return created(1000), nil
		}
		return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Created: 400, audience.Refused: 600}}, nil
	}
	return s
}

func TestAnApprovedRunGoesOnAndItsReportSaysWhoApproved(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	answers := give(t, env, order{time.Hour, workflows.UpdateApprove, workflows.Steer{By: "ada", Why: "known bad numbers"}, true})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.NoError(t, answers[0].rejected)
	require.Len(t, s.sent(), 4)
	require.Len(t, s.closed, 1)
	require.Equal(t, []audience.Decision{{
		What: audience.Approve, About: "d1-1", By: "ada", Why: "known bad numbers", At: noon.Add(time.Hour),
	}}, s.closed[0].Decisions)
	require.Nil(t, progress(t, env).Hold)
}

func TestNothingIsSentWhileARunWaitsForApproval(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	var waiting workflows.Progress
	env.RegisterDelayedCallback(func() {
		waiting = progress(t, env)
		require.Equal(t, []int64{1}, s.sent())
	}, 23*time.Hour)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeNotApproved)
	require.Equal(t, workflows.HoldApproval, waiting.Hold.Kind)
	require.Contains(t, waiting.Hold.Why, "Hello Charles refused 600 of 1,000 contacts, more than 25%")
	require.Equal(t, noon.Add(24*time.Hour), waiting.Hold.Until)
	require.Equal(t, 1, s.happened("close failed"))
	var report audience.Report
	require.NoError(t, failed.Details(&report))
	require.Equal(t, audience.EndedFailed, report.Ended)
	require.Equal(t, failed.Message(), s.closed[0].Why, "the report says why the run has ended")
}

func TestADeclinedRunEndsAsDeclinedWithItsReport(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	give(t, env, order{time.Hour, workflows.UpdateDecline, workflows.Steer{By: "ada", Why: "wrong mapping"}, true})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeDeclined)
	require.Contains(t, failed.Message(), "declined by ada: wrong mapping")
	var report audience.Report
	require.NoError(t, failed.Details(&report))
	require.Equal(t, audience.EndedDeclined, report.Ended)
	require.Equal(t, failed.Message(), s.closed[0].Why)
	require.Equal(t, []int64{1}, s.sent())
}

func TestADecisionAboutSomethingElseIsRejected(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	answers := give(t, env,
		order{time.Minute, workflows.UpdateApprove, workflows.Steer{Hold: "d0-1"}, false},
		order{2 * time.Minute, workflows.UpdateApprove, workflows.Steer{}, false},
		order{3 * time.Minute, workflows.UpdateApprove, workflows.Steer{}, true},
		order{3 * time.Minute, workflows.UpdateApprove, workflows.Steer{Hold: "d1-1"}, false},
		order{3 * time.Minute, workflows.UpdateDecline, workflows.Steer{Hold: "d1-1"}, false},
	)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.ErrorContains(t, answers[0].rejected, `waits for a decision about d1-1, this one is about "d0-1"`)
	require.ErrorContains(t, answers[1].rejected, "waits for a decision about d1-1")
	require.NoError(t, answers[2].rejected)
	require.NoError(t, answers[3].rejected, "the same decision again")
	require.ErrorContains(t, answers[4].rejected, "sync demo: run 7 waits for no approval")
}

func TestAnOrderWithoutANameIsRejected(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	rejected := &answer{}
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(workflows.UpdatePause, "", rejected, workflows.Steer{}) }, time.Minute)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.Error(t, err)
	require.EqualError(t, rejected.rejected, "sync demo: say who decides")
}

func TestAnOrderThatIsTooLongToBeKeptIsRejected(t *testing.T) {
	t.Parallel()
	env := environment(t, refusing())
	why, by := &answer{}, &answer{}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(workflows.UpdatePause, "", why, workflows.Steer{By: "ada", Why: strings.Repeat("x", 1001)})
		env.UpdateWorkflow(workflows.UpdatePause, "", by, workflows.Steer{By: strings.Repeat("x", 201)})
	}, time.Minute)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.Error(t, err)
	require.EqualError(t, why.rejected, "sync demo: who decides is kept in at most 200 bytes, and why in at most 1,000; these are 3 and 1,001")
	require.ErrorContains(t, by.rejected, "these are 201 and 0")
}

func TestARunThatMayNotWaitFailsAtOnce(t *testing.T) {
	t.Parallel()
	env := environment(t, refusing())
	spec := demo()
	spec.Limits.WaitForDecision = 0
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, noon, env.Now().UTC())
}

func TestAfterAnApprovalTheRunAsksAgainOnlyWhenItGetsWorse(t *testing.T) {
	t.Parallel()
	s := &script{batches: 8, window: 1}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch < 4 {
			return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Created: 700, audience.Refused: 300}}, nil
		}
		return refused(1000), nil
	}
	env := environment(t, s)
	answers := give(t, env,
		order{time.Hour, workflows.UpdateApprove, workflows.Steer{}, true},
		order{2 * time.Hour, workflows.UpdateApprove, workflows.Steer{}, true},
	)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.NoError(t, answers[1].rejected)
	require.Equal(t, 2, progress(t, env).Holds, "300 of 1,000, then more than 60%")
	require.Len(t, s.sent(), 8)
}

// pauseWhenStarted pauses the run while an activity is under way that starts for
// the n-th time.
func pauseWhenStarted(env *testsuite.TestWorkflowEnvironment, name string, n int) *answer {
	paused := &answer{}
	whenStarted(env, name, n, func() {
		env.UpdateWorkflow(workflows.UpdatePause, "", paused, workflows.Steer{By: "ada", Why: "campaign"})
	})
	return paused
}

func TestAPauseFinishesWhatIsUnderWayAndHoldsUntilResume(t *testing.T) {
	t.Parallel()
	s := &script{batches: 9, window: 2}
	env := environment(t, s)
	paused := pauseWhenStarted(env, "SendBatch", 4)
	answers := give(t, env,
		order{time.Hour, workflows.UpdatePause, workflows.Steer{By: "eve"}, false},
		order{3 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
		order{3 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
	)
	before := 0
	env.RegisterDelayedCallback(func() {
		require.Zero(t, progress(t, env).InFlight)
		before = len(s.sent())
	}, 2*time.Hour)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	for _, a := range append(answers, paused) {
		require.NoError(t, a.rejected)
	}
	require.Equal(t, "paused by ada: campaign", answers[0].progress.Paused.Why, "the first pause stays")
	require.Nil(t, answers[1].progress.Paused)
	require.Positive(t, before, "the run was paused before it sent anything")
	require.Less(t, before, 9, "the pause stopped nothing")
	require.Len(t, s.sent(), 9)
	require.Len(t, progress(t, env).Decisions, 2, "one pause, one resume")
}

func TestAPauseBeforeTheFirstBatchKeepsItBack(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"OpenRun", "ReadPages", "Decide"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 3, window: 2}
			env := environment(t, s)
			paused := pauseWhenStarted(env, step, 1)
			env.RegisterDelayedCallback(func() { require.Empty(t, s.sent()) }, time.Hour)
			resumed := give(t, env, order{2 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.NoError(t, paused.rejected)
			require.NoError(t, resumed[0].rejected)
			require.Len(t, s.sent(), 3)
		})
	}
}

func TestAPauseWhileTheFirstBatchWaitsForApprovalOutlastsTheApproval(t *testing.T) {
	t.Parallel()
	bad := true
	s := &script{batches: 3, window: 2, sendBatch: newSplitting(3, func(int) bool { return bad }).send}
	env := environment(t, s)
	answers := give(t, env,
		order{time.Hour, workflows.UpdatePause, workflows.Steer{}, false},
		order{2 * time.Hour, workflows.UpdateApprove, workflows.Steer{}, true},
		order{4 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
	)
	env.RegisterDelayedCallback(func() {
		require.Len(t, s.sent(), 16)
		bad = false
	}, 3*time.Hour)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	for _, a := range answers {
		require.NoError(t, a.rejected)
	}
	require.Equal(t, int64(3000), progress(t, env).Settled)
}

func TestAPauseThatComesWithTheLastActivityHoldsTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	unsegmented, unverified := demo(), demo()
	unsegmented.Verification.Segment = ""
	unverified.Verification.None = true
	for name, test := range map[string]struct {
		spec     config.Sync
		activity string
		start    int
		count    func(int) (activities.CountSegmentResult, error)
	}{
		"the last batch, and there is no segment": {unsegmented, "SendBatch", 2, nil},
		"the last batch, and nothing to verify":   {unverified, "SendBatch", 2, nil},
		"the last count":                          {demo(), "CountSegment", 2, nil},
		"the only count, which cannot be had":     {demo(), "CountSegment", 1, sequenceOfNone},
		"before the first count":                  {demo(), "ExpectSegment", 1, nil},
		"while a sample is read back":             {demo(), "ReadBack", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 2, window: 2, countSegment: test.count, readsBack: true}
			env := environment(t, s)
			paused := pauseWhenStarted(env, test.activity, test.start)
			env.RegisterDelayedCallback(func() { require.Empty(t, s.closed) }, time.Hour)
			resumed := give(t, env, order{2 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
			_, err := play(t, env, workflows.AudienceSyncInput{Spec: test.spec})
			require.NoError(t, err)
			require.NoError(t, paused.rejected)
			require.NoError(t, resumed[0].rejected)
			require.Len(t, s.closed, 1)
			require.Len(t, s.closed[0].Decisions, 2)
		})
	}
}

// sequenceOfNone is a Hello Charles that does not count.
func sequenceOfNone(int) (activities.CountSegmentResult, error) {
	return activities.CountSegmentResult{Why: "charles: 403"}, nil
}

func TestAResumeThatWouldChangeNothingIsRejected(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	early := &answer{}
	whenStarted(env, "ReadPages", 1, func() {
		env.UpdateWorkflow(workflows.UpdateResume, "", early, workflows.Steer{By: "ada"})
	})
	answers := give(t, env,
		order{time.Minute, workflows.UpdateResume, workflows.Steer{}, false},
		order{2 * time.Minute, workflows.UpdatePause, workflows.Steer{}, false},
		order{3 * time.Minute, workflows.UpdateResume, workflows.Steer{}, false},
		order{4 * time.Minute, workflows.UpdateResume, workflows.Steer{}, false},
		order{5 * time.Minute, workflows.UpdateApprove, workflows.Steer{}, true},
	)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.EqualError(t, early.rejected, "sync demo: run 7 is not paused, and access is not denied")
	require.EqualError(t, answers[0].rejected, "sync demo: the run is not paused, it waits for approval: audiencesync approve demo, or decline")
	for _, a := range answers[1:] {
		require.NoError(t, a.rejected, "the same order again is no error")
	}
	require.Len(t, s.closed[0].Decisions, 3, "one pause, one resume, one approval")
}

func TestAResumeOfBeforeIsNoneForAHoldThatCameAfterIt(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	pauseWhenStarted(env, "Decide", 1)
	answers := give(t, env,
		order{time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
		order{2 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false},
		order{3 * time.Hour, workflows.UpdateApprove, workflows.Steer{}, true},
	)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.NoError(t, answers[0].rejected)
	require.ErrorContains(t, answers[1].rejected, "waits for approval")
	require.NoError(t, answers[2].rejected)
}

func TestARunThatWaitsCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := refusing()
	env := environment(t, s)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.Error(t, err)
	require.Equal(t, 1, s.happened("close cancelled"))
	require.Equal(t, []int64{1}, s.sent())
}

func TestRefusalsThatAnEarlierRunMetAskNobody(t *testing.T) {
	t.Parallel()
	s := &script{batches: 40, window: 2}
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		again := refused(1000)
		again.RefusedAgain = 1000
		return again, nil
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Zero(t, progress(t, env).Holds)
	require.Len(t, s.sent(), 40)
}
