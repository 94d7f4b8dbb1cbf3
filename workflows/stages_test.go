package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// mirrored is a plan with so many full batches of each kind, numbered as the
// ledger does: members are staged first, while they are read.
func mirrored(leavers, members, marks int64) activities.Plan {
	plan := activities.Plan{
		Plan: audience.Plan{
			Read: 1000 * (members + marks), Unchanged: 1000 * marks, ToSend: 1000 * members, Joiners: 1000 * members,
			Marked: 1000 * (leavers + marks), Leavers: 1000 * leavers, MarkedAgain: 1000 * marks, Batches: leavers + members + marks,
		},
		MemberBatches: ledger.Numbers{From: 1, To: members}, Digest: "d1",
	}
	plan.LeaverBatches = ledger.Numbers{From: members + 1, To: members + leavers}
	plan.MarkBatches = ledger.Numbers{From: plan.LeaverBatches.To + 1, To: plan.LeaverBatches.To + marks}
	return plan
}

// takenOf is what Hello Charles takes of a batch of the plan.
func takenOf(plan activities.Plan, batch int64) activities.SendBatchResult {
	switch {
	case batch >= plan.LeaverBatches.From && batch <= plan.LeaverBatches.To:
		return activities.SendBatchResult{Leavers: map[audience.Outcome]int64{audience.Removed: 1000}}
	case batch >= plan.MarkBatches.From && batch <= plan.MarkBatches.To:
		return activities.SendBatchResult{MarkedAgain: 1000}
	}
	return created(1000)
}

// staged is a run with this plan, of which all is taken.
func staged(window int, plan activities.Plan) *script {
	return &script{
		batches: plan.MemberBatches.Count(), window: window,
		decide: func(int, activities.DecideInput) activities.Plan { return plan },
		sendBatch: func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
			return takenOf(plan, batch), nil
		},
	}
}

func TestWhoLeftIsSentFirstAndMarksLastEachWithItsFirstBatchAlone(t *testing.T) {
	t.Parallel()
	plan := mirrored(4, 6, 3)
	s := staged(3, plan)
	stages := []ledger.Numbers{plan.LeaverBatches, plan.MemberBatches, plan.MarkBatches}
	doors := []*door{newDoor(3, 3), newDoor(3, 5), newDoor(2, 2)}
	s.sendBatch = func(ctx context.Context, batch int64) (activities.SendBatchResult, error) {
		for i, stage := range stages {
			if batch > stage.From && batch <= stage.To {
				if err := doors[i].pass(ctx); err != nil {
					return activities.SendBatchResult{}, err
				}
			}
		}
		return takenOf(plan, batch), nil
	}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)

	sends := slices.DeleteFunc(slices.Clone(s.events), func(event string) bool { return event[:4] != "send" && event[:4] != "sent" })
	for i, stage := range stages {
		alone := []string{sends[0], sends[1]}
		require.Equal(t, []string{batchEvent("send", stage.From), batchEvent("sent", stage.From)}, alone, "stage %d began with more than its first batch", i)
		for number := stage.From; number <= stage.To; number++ {
			require.Contains(t, sends[:2*stage.Count()], batchEvent("sent", number), "stage %d was not over when the next one began", i)
		}
		sends = sends[2*stage.Count():]
	}
	require.Empty(t, sends, "a batch was sent twice")
	require.Equal(t, []int{3, 3, 2}, []int{doors[0].most, doors[1].most, doors[2].most}, "after its first batch a stage fills the window")
	p := progress(t, env)
	require.Equal(t, audience.Leavers{Removed: 4000}, p.Leavers)
	require.Equal(t, audience.Outcomes{Created: 6000}, p.Outcomes)
	require.Equal(t, int64(13_000), p.ToSend)
	require.Equal(t, int64(13_000), p.Settled)
	require.Equal(t, int64(13), p.BatchesDone)
}

func batchEvent(what string, batch int64) string { return fmt.Sprintf("%s %d", what, batch) }

func TestStagesWithoutABatchAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan activities.Plan
		sent []int64
	}{
		"members alone":     {mirrored(0, 2, 0), []int64{1, 2}},
		"leavers alone":     {mirrored(2, 0, 0), []int64{1, 2}},
		"leavers and marks": {mirrored(1, 0, 2), []int64{1, 2, 3}},
		"nothing":           {mirrored(0, 0, 0), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := staged(2, test.plan)
			_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
			require.NoError(t, err)
			require.Equal(t, test.sent, s.sent())
			require.Equal(t, 1, s.happened("close "))
		})
	}
}

func TestWhatIsLeftOfAStageIsSentBeforeTheNextOneBegins(t *testing.T) {
	t.Parallel()
	plan := mirrored(2, 2, 1)
	s := staged(1, plan)
	postponed := map[int64]bool{}
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		switch {
		case batch == 3: // the first of the leavers
			return split(6, 7), nil
		case batch == 6 || batch == 7:
			return activities.SendBatchResult{Leavers: map[audience.Outcome]int64{audience.Removed: 500}}, nil
		case batch == 4 && !postponed[batch]:
			postponed[batch] = true
			return activities.SendBatchResult{Postponed: true}, nil
		case batch == 1:
			result := created(999)
			result.Next = []int64{8}
			return result, nil
		}
		return takenOf(plan, batch), nil
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []int64{3, 6, 7, 4, 4, 1, 8, 2, 5}, s.sent())
}

func TestLeaversWhoAreRefusedStopTheRunBeforeAMemberIsSent(t *testing.T) {
	t.Parallel()
	plan := mirrored(3, 3, 0)
	s := staged(2, plan)
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		return activities.SendBatchResult{Leavers: map[audience.Outcome]int64{audience.Removed: 600, audience.Refused: 400}}, nil
	}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo()})
	failed := failedWith(t, err, activities.TypeNotApproved)
	require.Contains(t, failed.Message(), "Hello Charles refused 400 of 1,000 contacts")
	require.Contains(t, failed.Message(), "5,000 members wait to be sent")
	require.Equal(t, []int64{4}, s.sent())
}

func TestARunGoesOnInANewHistoryInEveryStage(t *testing.T) {
	t.Parallel()
	plan := mirrored(4, 4, 4)
	s := staged(2, plan)
	spec := demo()
	spec.Limits.BatchesPerHistory = 2
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: spec})
	in := carriedBy(t, err)
	require.Equal(t, []ledger.Numbers{{From: 8, To: 8}, plan.MemberBatches, plan.MarkBatches}, in.Carried.Stages)
	require.Zero(t, in.Carried.AskedBefore, "it is the first stage")

	stages := map[int]int64{} // AskedBefore by the number of stages that are left
	for workflow.IsContinueAsNewError(err) {
		in = carriedBy(t, err)
		stages[len(in.Carried.Stages)] = in.Carried.AskedBefore
		_, err = play(t, environment(t, s), in)
	}
	require.NoError(t, err)
	require.Equal(t, map[int]int64{3: 0, 2: 4000, 1: 8000}, stages)
	require.Equal(t, []int64{5, 6, 7, 8, 1, 2, 3, 4, 9, 10, 11, 12}, sortedWithin(s.sent(), 4))
	require.Equal(t, 1, s.happened("decide"))
	require.Equal(t, 1, s.happened("close "))
	for _, first := range []int64{5, 1, 9} {
		require.Equal(t, s.place(t, batchEvent("send", first))+1, s.place(t, batchEvent("sent", first)), "batch %d did not go alone", first)
	}
}

// sortedWithin sorts numbers within each group of a size: batches that are under
// way at once may begin in any order.
func sortedWithin(numbers []int64, size int) []int64 {
	sorted := slices.Clone(numbers)
	for group := range slices.Chunk(sorted, size) {
		slices.Sort(group)
	}
	return sorted
}

func TestTheFirstMembersAreLookedAtInANewHistoryAlthoughLeaversWereTaken(t *testing.T) {
	t.Parallel()
	plan := mirrored(1, 6, 0)
	s := staged(4, plan)
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		switch {
		case batch == 7:
			return takenOf(plan, batch), nil
		case batch < 4: // says nothing about the others
			return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Invalid: 1000}}, nil
		}
		return refused(1000), nil
	}
	env := environment(t, s)
	suggestAt(env, "SendBatch", 3) // the second of the members
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	in := carriedBy(t, err)
	require.Equal(t, int64(1000), in.Carried.AskedBefore)
	require.Equal(t, []ledger.Numbers{{From: 3, To: 6}, plan.MarkBatches}, in.Carried.Stages)

	_, err = play(t, environment(t, s), in)
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, []int64{7, 1, 2, 3, 4}, s.sent(), "another batch was under way while the first was looked at")
}
