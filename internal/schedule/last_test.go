package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// ends lets due runs end as they are told to, one after the other.
func (s server) ends(t *testing.T, ends func(ctx workflow.Context, fired time.Time) (workflows.DueRunResult, error)) {
	t.Helper()
	w := worker.New(s.Client, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ workflows.DueRunInput) (workflows.DueRunResult, error) {
		at, _ := workflow.GetTypedSearchAttributes(ctx).GetTime(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime"))
		return ends(ctx, at)
	}, workflow.RegisterOptions{Name: "DueRun"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

// acted lets a schedule act, and returns its last times once there are so many and the
// newest has ended.
func (s server) acted(t *testing.T, w schedule.Wanted, times int) []schedule.Last {
	t.Helper()
	require.NoError(t, s.look(t, w).Trigger(t.Context()))
	var last []schedule.Last
	require.Eventually(t, func() bool {
		var err error
		last, err = s.look(t, w).Last(t.Context(), s)
		require.NoError(t, err)
		return len(last) == times && last[0].Ended != schedule.Going
	}, time.Minute, 50*time.Millisecond)
	return last
}

func ended(how string) workflows.DueRunResult {
	return workflows.DueRunResult{DueEnd: workflows.DueEnd{Ended: how, Run: 7}}
}

func TestHowTheLastDueRunsEndedIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("demo"), Kind: schedule.Runs, Cadence: daily("Europe/Berlin", "0 6 29 2 *")}
	found := s.create(t, w)
	newest, err := found.Newest(t.Context(), s)
	require.NoError(t, err)
	require.Nil(t, newest)
	require.Zero(t, found.Started())

	answers := make(chan error, 3)
	answers <- nil
	answers <- temporal.NewNonRetryableApplicationError("broken", "SourceBroken", nil, ended("SourceBroken"))
	answers <- temporal.NewNonRetryableApplicationError("no details", "Ledger", nil)
	s.ends(t, func(workflow.Context, time.Time) (workflows.DueRunResult, error) {
		err := <-answers
		return ended("explained"), err
	})
	s.acted(t, w, 1)
	s.acted(t, w, 2)
	last := s.acted(t, w, 3)
	require.Equal(t, []string{"Ledger", "SourceBroken", "explained"}, []string{last[0].Ended, last[1].Ended, last[2].Ended})
	require.EqualValues(t, 7, last[1].Run)
	require.Equal(t, "Europe/Berlin", last[0].FiredAt.Location().String())
	require.WithinDuration(t, last[0].StartedAt, last[0].FiredAt, time.Minute)
	require.Equal(t, 3, s.look(t, w).Started())
}

func TestADueRunTellsOfThoseThatTemporalHasForgotten(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("demo"), Kind: schedule.Proofs, Cadence: daily("UTC", "0 6 29 2 *")}
	s.create(t, w)
	var before []workflows.DueEnd
	fired := make(chan time.Time, 2)
	s.ends(t, func(_ workflow.Context, at time.Time) (workflows.DueRunResult, error) {
		fired <- at
		result := ended("equal")
		result.Before = before
		return result, nil
	})
	first := s.acted(t, w, 1)
	_, err := s.WorkflowService().DeleteWorkflowExecution(t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: s.namespace,
		WorkflowExecution: &commonpb.WorkflowExecution{
			WorkflowId: workflows.VerifyDueID("demo") + "-" + first[0].FiredAt.UTC().Format(time.RFC3339),
		},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		last, err := s.look(t, w).Newest(t.Context(), s)
		require.NoError(t, err)
		return last.Ended == schedule.Forgotten
	}, time.Minute, 50*time.Millisecond)

	before = []workflows.DueEnd{{FiredAt: <-fired, Ended: "unverifiable", Joined: true}}
	last := s.acted(t, w, 2)
	require.Equal(t, "equal", last[0].Ended)
	require.Equal(t, "unverifiable", last[1].Ended)
	require.True(t, last[1].Joined)
}

func TestADueRunThatWasStoppedHasAnEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("demo"), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 29 2 *")}
	s.create(t, w)
	s.ends(t, func(ctx workflow.Context, _ time.Time) (workflows.DueRunResult, error) {
		return workflows.DueRunResult{}, workflow.Sleep(ctx, time.Hour)
	})
	require.NoError(t, s.look(t, w).Trigger(t.Context()))
	var last *schedule.Last
	require.Eventually(t, func() bool {
		var err error
		last, err = s.look(t, w).Newest(t.Context(), s)
		require.NoError(t, err)
		return last != nil
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, schedule.Going, last.Ended)
	id := workflows.DueID("demo") + "-" + last.FiredAt.UTC().Format(time.RFC3339)
	require.NoError(t, s.TerminateWorkflow(t.Context(), id, "", "test"))
	require.Eventually(t, func() bool {
		last, err := s.look(t, w).Newest(t.Context(), s)
		require.NoError(t, err)
		return last.Ended == "stopped"
	}, time.Minute, 50*time.Millisecond)
}
