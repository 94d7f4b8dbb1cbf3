package workflows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// schedule is a Temporal schedule that starts due runs, and hands the end of each to
// the next one.
type schedule struct {
	in      workflows.DueRunInput
	last    *workflows.DueRunResult
	failed  error
	fires   int
	started []workflows.AudienceSyncInput
}

func newSchedule(pauseAfter int) *schedule {
	cadence := config.DefaultCadence()
	cadence.Every, cadence.PauseAfter = config.Duration(24*time.Hour), pauseAfter
	return &schedule{in: workflows.DueRunInput{Spec: demo(), Cadence: &cadence}}
}

// act runs the next due run and returns what it leaves.
func (s *schedule) act(t *testing.T, script *script) workflows.DueRunResult {
	t.Helper()
	env := environment(t, script)
	at := noon.Add(time.Duration(s.fires) * 24 * time.Hour)
	s.fires++
	env.SetStartTime(at)
	require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(at),
		temporal.NewSearchAttributeKeyKeyword("TemporalScheduledById").ValueSet("audience-sync/demo"))))
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, args converter.EncodedValues) {
		if info.WorkflowType.Name == "AudienceSync" {
			var in workflows.AudienceSyncInput
			require.NoError(t, args.Get(&in))
			s.started = append(s.started, in)
		}
	})
	if s.last != nil {
		env.SetLastCompletionResult(*s.last)
	}
	if s.failed != nil {
		env.SetLastError(s.failed)
	}
	env.ExecuteWorkflow(workflows.DueRun, s.in)
	require.True(t, env.IsWorkflowCompleted())
	var result workflows.DueRunResult
	if err := env.GetWorkflowError(); err != nil {
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.NoError(t, failed.Details(&result))
		// As it comes back from the server.
		s.failed = temporal.NewNonRetryableApplicationError(failed.Message(), failed.Type(), nil, result)
		return result
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	s.last, s.failed = &result, nil
	return result
}

func failing() *script {
	return &script{readPages: func(int64) (activities.ReadPagesResult, error) {
		return activities.ReadPagesResult{}, final(activities.TypeSourceBroken, "sync demo: the file is broken")
	}}
}

func TestAScheduleIsPausedAfterSomeFailuresInARow(t *testing.T) {
	t.Parallel()
	s := newSchedule(3)
	for n := 1; n <= 6; n++ {
		script := failing()
		result := s.act(t, script)
		require.Equal(t, n, result.Failures)
		require.Equal(t, activities.TypeSourceBroken, result.Ended)
		if n%3 != 0 {
			require.Empty(t, script.paused)
			continue
		}
		// Somebody resumes it: as many have to fail again.
		require.Len(t, script.paused, 1)
		require.Equal(t, "audience-sync/demo", script.paused[0].Schedule)
		require.Regexp(t, "^paused after [36] failures in a row, the last: sync demo: the file is broken; mend that \\(a changed sync file: audiencesync schedule update SYNC.yaml\\), and resume with: audiencesync schedule resume demo$", script.paused[0].Note)
	}
}

func TestAVerdictEndsARowOfFailures(t *testing.T) {
	t.Parallel()
	s := newSchedule(2)
	require.Equal(t, 1, s.act(t, failing()).Failures)
	unexplained := s.act(t, &script{closeRun: verdict(audience.Unexplained, false)})
	require.Zero(t, unexplained.Failures)
	require.Equal(t, activities.TypeVerdictUnexplained, unexplained.Ended)
	script := failing()
	require.Equal(t, 1, s.act(t, script).Failures)
	require.Empty(t, script.paused)
}

func TestWhatAPersonDoesIsNoFailureAndEndsNoRow(t *testing.T) {
	t.Parallel()
	s := newSchedule(2)
	require.Equal(t, 1, s.act(t, failing()).Failures)
	declined := &script{openRun: func() error { return final(activities.TypeDeclined, "declined by anna") }}
	require.Equal(t, 1, s.act(t, declined).Failures)
	require.Empty(t, declined.paused)
	joined := &script{awaitRun: func(context.Context) (activities.AwaitRunResult, error) {
		return activities.AwaitRunResult{Satisfied: true, Ended: activities.TypeSourceBroken}, nil
	}}
	require.Equal(t, 1, s.act(t, joined).Failures, "it was the run of somebody who looks at it")
	script := failing()
	require.Equal(t, 2, s.act(t, script).Failures)
	require.Len(t, script.paused, 1)
}

func TestAScheduleThatMayFailIsNeverPaused(t *testing.T) {
	t.Parallel()
	s := newSchedule(0)
	for range 5 {
		script := failing()
		s.act(t, script)
		require.Empty(t, script.paused)
	}
}

func TestAFailureIsAFailureWhetherTheScheduleCanBePausedOrNot(t *testing.T) {
	t.Parallel()
	s := newSchedule(1)
	script := failing()
	script.pauseSchedule = func() error { return final("Other", "no") }
	require.Equal(t, activities.TypeSourceBroken, s.act(t, script).Ended)
	require.Len(t, script.paused, 1)
}

func TestALongErrorIsCutInTheNote(t *testing.T) {
	t.Parallel()
	s := newSchedule(1)
	script := failing()
	script.readPages = func(int64) (activities.ReadPagesResult, error) {
		return activities.ReadPagesResult{}, final(activities.TypeSourceBroken, strings.Repeat("ä", 5000))
	}
	s.act(t, script)
	require.Less(t, len(script.paused[0].Note), 1200)
}

func TestWhoIsToldOfPausesIsToldThatTheScheduleIsPaused(t *testing.T) {
	t.Parallel()
	s := newSchedule(1)
	s.in.Spec = telling()
	script := failing()
	s.act(t, script)
	var paused []*activities.NotifySchedulePaused
	for _, in := range script.told {
		if in.SchedulePaused != nil {
			paused = append(paused, in.SchedulePaused)
		}
	}
	require.Equal(t, []*activities.NotifySchedulePaused{{
		Failures: 1, Why: "sync demo: the file is broken", Resume: "audiencesync schedule resume demo",
	}}, paused)

	s = newSchedule(1)
	s.in.Spec = telling()
	s.in.Spec.Notify.On = []config.NotifyEvent{config.NotifyBad}
	script = failing()
	s.act(t, script)
	for _, in := range script.told {
		require.Nil(t, in.SchedulePaused)
	}
}

func TestADueRunKnowsHowTheOnesBeforeItHaveEnded(t *testing.T) {
	t.Parallel()
	s := newSchedule(0)
	good := func() *script {
		return &script{closeRun: func(activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{Run: 7, Verdict: audience.Equal, Acceptable: true}, nil
		}}
	}
	require.Empty(t, s.act(t, good()).Before)
	s.act(t, failing())
	third := s.act(t, good())
	at := func(day int) time.Time { return noon.Add(time.Duration(day) * 24 * time.Hour) }
	require.Equal(t, []workflows.DueEnd{
		{FiredAt: at(1), Ended: activities.TypeSourceBroken}, {FiredAt: at(0), Run: 7, Ended: "equal"},
	}, third.Before)
	for range 12 {
		third = s.act(t, good())
	}
	require.Len(t, third.Before, 9)
	require.Equal(t, at(14), third.FiredAt)
	require.Equal(t, at(13), third.Before[0].FiredAt)
	require.Equal(t, at(5), third.Before[8].FiredAt)
}

func TestADueRunWithoutScheduleHasNobodyBeforeItAndPausesNothing(t *testing.T) {
	t.Parallel()
	script := failing()
	env := environment(t, script)
	cadence := config.DefaultCadence()
	cadence.PauseAfter = 1
	env.ExecuteWorkflow(workflows.DueRun, workflows.DueRunInput{Spec: demo(), Cadence: &cadence})
	requireType(t, env.GetWorkflowError(), activities.TypeSourceBroken)
	require.Empty(t, script.paused)
}

func TestWhatAnotherWorkflowHasLeftIsNoPast(t *testing.T) {
	t.Parallel()
	env := environment(t, &script{})
	env.SetLastError(errors.New("something else"))
	result, err := due(t, env)
	require.NoError(t, err)
	require.Empty(t, result.Before)
}

func TestAProofThatIsDueReadsAndSendsNothing(t *testing.T) {
	t.Parallel()
	s := newSchedule(3)
	s.in.VerifyOnly = true
	s.in.Spec = telling()
	script := &script{}
	result := s.act(t, script)
	require.Equal(t, "equal", result.Ended)
	require.Len(t, s.started, 1)
	require.True(t, s.started[0].VerifyOnly)
	require.True(t, s.started[0].Scheduled)
	require.Zero(t, script.happened("decide"))
	require.Zero(t, script.happened("look"), "a proof that is due says nothing about runs")
}

func TestTheNoteOfAPausedProofNamesItsOwnCommand(t *testing.T) {
	t.Parallel()
	s := newSchedule(1)
	s.in.VerifyOnly = true
	script := &script{openRun: func() error { return final(activities.TypeOpenRefused, "no such segment") }}
	s.act(t, script)
	require.Contains(t, script.paused[0].Note, "resume with: audiencesync schedule resume demo --verify")
}

func TestOnlyAProofThatNobodyAskedForIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheduled bool
		told      int
	}{"by a schedule": {true, 1}, "by a person": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{closeRun: verdict(audience.Unexplained, false)}
			env := environment(t, s)
			_, _ = play(t, env, workflows.AudienceSyncInput{Spec: telling(), VerifyOnly: true, Scheduled: c.scheduled})
			require.Len(t, s.told, c.told)
		})
	}
}
