package workflows_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestARunReadsDecidesSendsProvesAndCloses(t *testing.T) {
	t.Parallel()
	s := &script{batches: 2, window: 1}
	report, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict)
	require.Equal(t, []string{
		"open", "read 0", "decide", "send 1", "sent 1", "send 2", "sent 2", "expect", "count", "count", "compare", "close ",
	}, s.events)
	require.Equal(t, "Spring campaign", s.closed[0].AudienceName)
	require.Equal(t, int64(2000), *s.closed[0].Counted)
}

func TestARunWithNothingToSendSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.readPages = func(int64) (activities.ReadPagesResult, error) {
		return activities.ReadPagesResult{
			Page: 1, Complete: true, Read: 1000, Outcomes: map[audience.Outcome]int64{audience.Unchanged: 1000},
		}, nil
	}
	env := environment(t, s)
	env.OnActivity("Decide", mock.Anything, mock.Anything).Return(activities.Plan{Plan: audience.Plan{Read: 1000, Unchanged: 1000}}, nil)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Empty(t, s.sent())
}

func TestThePagesOfAllCallsAreAddedUp(t *testing.T) {
	t.Parallel()
	s := &script{batches: 5, window: 1}
	s.readPages = threeCalls
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []string{"open", "read 0", "read 4", "read 8", "decide"}, s.events[:5])
	p := progress(t, env)
	require.Equal(t, int64(10), p.Pages)
	require.Equal(t, int64(6000), p.Read)
	require.Equal(t, int64(5000), p.ToSend)
	require.Equal(t, audience.Outcomes{Unchanged: 500, Duplicate: 300, Invalid: 200, Created: 5000}, p.Outcomes)
}

// threeCalls reads 6,000 members in ten pages, of whom 5,000 are to be sent.
func threeCalls(page int64) (activities.ReadPagesResult, error) {
	switch page {
	case 0:
		return activities.ReadPagesResult{
			Page: 4, Read: 2500, Staged: 2000, Outcomes: map[audience.Outcome]int64{audience.Unchanged: 500},
		}, nil
	case 4:
		return activities.ReadPagesResult{
			Page: 8, Read: 2300, Staged: 2000, Outcomes: map[audience.Outcome]int64{audience.Duplicate: 300},
		}, nil
	case 8:
		return activities.ReadPagesResult{
			Page: 10, Complete: true, Read: 1200, Staged: 1000, Outcomes: map[audience.Outcome]int64{audience.Invalid: 200},
		}, nil
	}
	return activities.ReadPagesResult{}, final("Test", "a page that nobody asked for")
}

func TestAnOpenThatIsRefusedClosesNothing(t *testing.T) {
	t.Parallel()
	s := &script{openRun: func() error {
		return final(activities.TypeOpenRefused, `sync demo: tag "zeotop" does not exist in Hello Charles`)
	}}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeOpenRefused)
	require.Equal(t, `sync demo: tag "zeotop" does not exist in Hello Charles`, failed.Message())
	require.Equal(t, []string{"open"}, s.events)
}

func TestAnOpenWaitsForTheRequestBudgetAsLongAsItTakes(t *testing.T) {
	t.Parallel()
	asked := 0
	s := &script{openRun: func() error {
		if asked++; asked < 9 { // The test environment allows ten.
			return temporal.NewApplicationErrorWithOptions("too many requests", activities.TypeRateLimited,
				temporal.ApplicationErrorOptions{NextRetryDelay: 2 * time.Second})
		}
		return nil
	}}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, 9, s.happened("open"))
}

func TestAReadThatFailsForGoodClosesTheRunAndSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{readPages: func(int64) (activities.ReadPagesResult, error) {
		return activities.ReadPagesResult{}, final(activities.TypeSourceIncomplete, "the read is not complete")
	}}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeSourceIncomplete)
	require.Equal(t, []string{"open", "read 0", "close failed"}, s.events)
}

func TestWorkThatCanSucceedLaterIsTriedForDays(t *testing.T) {
	t.Parallel()
	s := &script{batches: 1}
	env := environment(t, s)
	tries := 0
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		if tries++; tries < 10 {
			return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("429", activities.TypeRateLimited,
				temporal.ApplicationErrorOptions{NextRetryDelay: 6 * time.Hour})
		}
		return created(1000), nil
	}
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Greater(t, env.Now().Sub(noon), 48*time.Hour)
}

func TestAFailedCloseDoesNotHideWhyTheRunFailed(t *testing.T) {
	t.Parallel()
	s := &script{
		readPages: func(int64) (activities.ReadPagesResult, error) {
			return activities.ReadPagesResult{}, final(activities.TypeSourceBroken, "a page is broken")
		},
		closeRun: func(activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{}, final(activities.TypeFenced, "a newer run has taken over")
		},
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeSourceBroken)
}

func TestTheVerdictDecidesHowTheWorkflowEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		verdict    audience.Verdict
		acceptable bool
		none       bool
		fails      string
	}{
		{"equal", audience.Equal, true, false, ""},
		{"explained", audience.Explained, true, false, ""},
		{"explained, but outside accept", audience.Explained, false, false, activities.TypeVerdictOutside},
		{"unexplained", audience.Unexplained, false, false, activities.TypeVerdictUnexplained},
		{"unverifiable", audience.Unverifiable, true, false, ""},
		{"unverifiable and outside accept", audience.Unverifiable, false, false, ""},
		{"no verification asked for", audience.Unverifiable, true, true, ""},
		{"no verification asked for, and outside accept", audience.Unverifiable, false, true, activities.TypeVerdictOutside},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := audience.Report{
				Sync: "demo", Run: 7, Verdict: test.verdict, Acceptable: test.acceptable,
				Outcomes: audience.Outcomes{Created: 998, Invalid: 2}, Summary: "998 of 1,000 are in the segment.",
			}
			s := &script{closeRun: func(activities.CloseRunInput) (audience.Report, error) { return want, nil }}
			spec := demo()
			spec.Verification.None = test.none
			report, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
			if test.fails == "" {
				require.NoError(t, err)
				require.Equal(t, want, *report)
				return
			}
			failed := failedWith(t, err, test.fails)
			require.Equal(t, want.Summary, failed.Message())
			require.True(t, failed.NonRetryable())
			var carried audience.Report
			require.NoError(t, failed.Details(&carried))
			require.Equal(t, want, carried)
		})
	}
}

func TestProgressCanBeAskedForInEveryPhase(t *testing.T) {
	t.Parallel()
	s := &script{batches: 3, window: 2}
	env := environment(t, s)
	seen := map[string][]workflows.Progress{}
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		seen[info.ActivityType.Name] = append(seen[info.ActivityType.Name], progress(t, env))
	})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)

	for name, phase := range map[string]workflows.Phase{
		"OpenRun": workflows.PhaseOpen, "ReadPages": workflows.PhaseRead, "Decide": workflows.PhaseDecide,
		"SendBatch": workflows.PhaseSend, "ExpectSegment": workflows.PhaseProve, "CountSegment": workflows.PhaseProve,
		"CloseRun": workflows.PhaseClose,
	} {
		require.NotEmpty(t, seen[name], name)
		for _, p := range seen[name] {
			require.Equal(t, phase, p.Phase, name)
			require.Equal(t, "demo", p.Sync)
			require.True(t, p.StartedAt.Equal(noon))
		}
	}
	require.Equal(t, int64(0), seen["OpenRun"][0].Run)
	require.Equal(t, int64(7), seen["ReadPages"][0].Run)
	require.Equal(t, int64(3000), seen["Decide"][0].ToSend)
	inFlight := make([]int, 0, 3)
	for _, p := range seen["SendBatch"] {
		inFlight = append(inFlight, p.InFlight)
		require.Equal(t, int64(3), p.Batches)
	}
	require.Equal(t, 2, slices.Max(inFlight))
	require.Equal(t, int64(3000), *seen["CountSegment"][0].Expected)
	require.Nil(t, seen["CountSegment"][0].Counted)
	require.Equal(t, int64(3000), *seen["CountSegment"][1].Counted)

	done := progress(t, env)
	require.Equal(t, workflows.PhaseDone, done.Phase)
	require.Equal(t, int64(3), done.BatchesDone)
	require.Zero(t, done.InFlight)
}

func TestACheckAsksAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := &script{}
	env := environment(t, s)
	env.ExecuteWorkflow(workflows.CheckSync, activities.CheckSyncInput{Spec: demo()})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"check"}, s.events)
}

// cancelled runs the sync, which a test cancels, and checks that the
// cancellation carries the report.
func cancelled(t *testing.T, env *testsuite.TestWorkflowEnvironment, in workflows.AudienceSyncInput) {
	t.Helper()
	_, err := play(t, env, in)
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.True(t, canceled.HasDetails(), "the cancellation carries no report")
	var report *audience.Report
	require.NoError(t, canceled.Details(&report))
	require.Equal(t, "cancelled", report.Ended)
}

func TestACancelledRunDrainsAndReports(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	env := environment(t, s)
	draining := make(chan struct{})
	s.sendBatch = func(ctx context.Context, batch int64) (activities.SendBatchResult, error) {
		switch batch {
		case 1:
			return created(1000), nil
		case 2:
			env.CancelWorkflow()
		}
		select {
		case <-draining:
			return created(1000), nil
		case <-ctx.Done():
			return activities.SendBatchResult{}, ctx.Err()
		}
	}
	// The first timer of the run is the one that bounds the draining.
	env.SetOnTimerScheduledListener(func(string, time.Duration) { close(draining) })
	spec := demo()
	spec.Limits.StalledAfter = 0
	cancelled(t, env, workflows.AudienceSyncInput{Spec: spec})
	require.ElementsMatch(t, []int64{1, 2, 3, 4}, s.sent())
	for _, event := range []string{"sent 2", "sent 3", "sent 4"} {
		require.Less(t, s.place(t, event), s.place(t, "close cancelled"))
	}
	p := progress(t, env)
	require.Equal(t, int64(4000), p.Settled)
	require.Zero(t, p.InFlight)
}

func TestACancelledRunTakesBackBatchesThatOnlyWait(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	env := environment(t, s)
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch == 1 {
			return created(1000), nil
		}
		env.CancelWorkflow()
		return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("wait", activities.TypeRateLimited,
			temporal.ApplicationErrorOptions{NextRetryDelay: 24 * time.Hour})
	}
	cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.Equal(t, 30*time.Second, env.Now().Sub(noon))
}

func TestARunCanBeCancelledInEveryPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"ReadPages", "Decide", "SendBatch", "ExpectSegment", "CountSegment"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := &script{batches: 1}
			env := environment(t, s)
			env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if info.ActivityType.Name == phase {
					env.CancelWorkflow()
				}
			})
			cancelled(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.Equal(t, 1, s.happened("close cancelled"))
		})
	}
}

func TestACancellationBeforeTheRunIsOpenClosesNothing(t *testing.T) {
	t.Parallel()
	s := &script{openRun: func() error { return temporal.NewApplicationError("no answer", activities.TypeUnavailable) }}
	env := environment(t, s)
	env.RegisterDelayedCallback(env.CancelWorkflow, 500*time.Millisecond)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.Equal(t, []string{"open"}, s.events)
}

func TestACancellationWhileTheRunClosesChangesNothing(t *testing.T) {
	t.Parallel()
	s := &script{}
	env := environment(t, s)
	tries := 0
	s.closeRun = func(activities.CloseRunInput) (audience.Report, error) {
		if tries++; tries == 1 {
			env.CancelWorkflow()
			return audience.Report{}, errors.New("the ledger is locked")
		}
		return audience.Report{Verdict: audience.Equal, Acceptable: true}, nil
	}
	report, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict)
	require.Equal(t, 2, s.happened("close "))
}
