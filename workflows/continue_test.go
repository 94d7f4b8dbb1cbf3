package workflows_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// suggestAt lets the server suggest a new history when an activity starts for
// the n-th time.
func suggestAt(env *testsuite.TestWorkflowEnvironment, name string, n int) {
	whenStarted(env, name, n, func() { env.SetContinueAsNewSuggested(true) })
}

func TestARunGoesOnInANewHistoryAfterANumberOfBatches(t *testing.T) {
	t.Parallel()
	s := &script{batches: 12, window: 2}
	spec := demo()
	spec.Limits.BatchesPerHistory = 4

	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	in := carriedBy(t, err)
	require.Equal(t, spec, in.Spec)
	require.Equal(t, workflows.Carried{
		Opened: activities.OpenRunResult{
			Run: activities.RunRef{Sync: "demo", Run: 7, Epoch: 9}, AudienceName: "Spring campaign", Window: 2, BatchSize: 1000,
			Allowed: &activities.Allowed{RequestsPerSecond: 2, RequestsInFlight: 4, ContactsPerRequest: 1000},
			Search:  activities.Search{WorkspaceName: "acme"},
		},
		Plan: activities.Plan{
			Plan: audience.Plan{Read: 12_000, ToSend: 12_000, Batches: 12}, MemberBatches: ledger.Numbers{From: 1, To: 12}, Digest: "d1",
		},
		Progress: workflows.Progress{
			Sync: "demo", Run: 7, Phase: workflows.PhaseSend, StartedAt: noon, Pages: 1, Read: 12_000,
			Plan:   &audience.Plan{Read: 12_000, ToSend: 12_000, Batches: 12},
			ToSend: 12_000, Settled: 5000, Batches: 12, BatchesDone: 5, Outcomes: audience.Outcomes{Created: 5000}, MovedAt: noon,
		},
		Pace:   workflows.Pace{Marks: []workflows.PaceMark{{At: noon}, {At: noon, N: 5000}}},
		Stages: []ledger.Numbers{{From: 6, To: 12}, {}}, // after the first batch and four more
		Brakes: workflows.Brakes{Asked: 5000}, Postponed: workflows.Postponed{Answers: 5},
	}, *in.Carried)
	require.Empty(t, s.closed, "a run that goes on was closed")

	histories := 1
	for workflow.IsContinueAsNewError(err) {
		histories++
		env := environment(t, s)
		_, err = play(t, env, carriedBy(t, err))
		require.True(t, progress(t, env).StartedAt.Equal(noon))
	}
	require.NoError(t, err)
	require.Equal(t, 3, histories)
	sent := s.sent()
	slices.Sort(sent)
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, sent)
	require.Equal(t, 1, s.happened("open"))
	require.Equal(t, 1, s.happened("read 0"))
	require.Equal(t, 1, s.happened("decide"))
	require.Equal(t, 1, s.happened("close "))
}

func TestWhatIsCarriedIntoANewHistoryDoesNotGrowWithTheBatchesThatArePostponed(t *testing.T) {
	t.Parallel()
	const batches, most = 6000, 50_000
	s := &script{batches: batches, window: 4}
	s.inMode = func(batch int64, mode activities.SendMode) activities.SendBatchResult {
		if batch%2 == 0 && mode != activities.SendSuspect {
			return activities.SendBatchResult{Postponed: true}
		}
		return created(1000)
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	carried, postponed := 0, 0
	for workflow.IsContinueAsNewError(err) {
		in := carriedBy(t, err)
		content, failed := json.Marshal(in)
		require.NoError(t, failed)
		carried, postponed = max(carried, len(content)), max(postponed, len(in.Carried.Last))
		_, err = play(t, environment(t, s), in)
	}
	require.NoError(t, err)
	require.Greater(t, postponed, 900, "many were postponed")
	require.Less(t, postponed, 1010)
	require.Less(t, carried, most)
	sent := s.sent()
	slices.Sort(sent)
	require.Len(t, slices.Compact(sent), batches)
}

func TestARunGoesOnInANewHistoryWhenTheServerSuggestsIt(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	env := environment(t, s)
	suggestAt(env, "SendBatch", 6)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	in := carriedBy(t, err)
	require.Zero(t, in.Carried.Progress.InFlight)
	require.Equal(t, in.Carried.Stages[0].From-1, in.Carried.Progress.BatchesDone, "the window was not empty")
	require.Less(t, in.Carried.Progress.BatchesDone, int64(20))

	env = environment(t, s)
	_, err = play(t, env, in)
	require.NoError(t, err)
	require.Len(t, s.sent(), 20)
	require.Equal(t, int64(20_000), progress(t, env).Settled)
}

func TestPartsThatWaitAreCarriedIntoTheNewHistory(t *testing.T) {
	t.Parallel()
	s := &script{batches: 4, window: 1}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch == 2 {
			return split(5, 6), nil
		}
		return created(500), nil
	}
	spec := demo()
	spec.Limits.BatchesPerHistory = 1
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	in := carriedBy(t, err)
	require.Equal(t, []int64{5, 6}, in.Carried.First)
	require.Equal(t, int64(2), in.Carried.Stages[0].From-1)
	for workflow.IsContinueAsNewError(err) {
		_, err = play(t, environment(t, s), carriedBy(t, err))
	}
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 5, 6, 3, 4}, s.sent())
}

func TestARunGoesOnInANewHistoryWhileItReads(t *testing.T) {
	t.Parallel()
	s := &script{batches: 5, window: 2, readPages: threeCalls}
	env := environment(t, s)
	suggestAt(env, "ReadPages", 2)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	in := carriedBy(t, err)
	require.Equal(t, workflows.Progress{
		Sync: "demo", Run: 7, Phase: workflows.PhaseRead, StartedAt: noon, Pages: 8, Read: 4800, ToSend: 4000,
		Outcomes: audience.Outcomes{Unchanged: 500, Duplicate: 300}, MovedAt: noon,
	}, in.Carried.Progress)
	require.Equal(t, []string{"open", "read 0", "read 4"}, s.events)

	env = environment(t, s)
	_, err = play(t, env, in)
	require.NoError(t, err)
	require.Equal(t, []string{"open", "read 0", "read 4", "read 8", "decide", "send 1", "sent 1"}, s.events[:7])
	require.Equal(t, int64(6000), progress(t, env).Read)
	require.Len(t, s.sent(), 5)
}

func TestARunOfWhichNothingCanBeSentGoesOnInANewHistoryToo(t *testing.T) {
	t.Parallel()
	s := &script{batches: 6, window: 4}
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Invalid: 1000}}, nil
	}
	env := environment(t, s)
	suggestAt(env, "SendBatch", 3)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	in := carriedBy(t, err)
	require.Equal(t, int64(3), in.Carried.Stages[0].From-1)
	_, err = play(t, environment(t, s), in)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, s.sent())
}

func TestTheFirstBatchThatCanBeSentIsLookedAtInTheNewHistory(t *testing.T) {
	t.Parallel()
	s := &script{batches: 6, window: 4}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		if batch < 4 {
			return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Invalid: 1000}}, nil
		}
		return refused(1000), nil
	}
	env := environment(t, s)
	suggestAt(env, "SendBatch", 2)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	_, err = play(t, environment(t, s), carriedBy(t, err))
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, []int64{1, 2, 3, 4}, s.sent())
}
