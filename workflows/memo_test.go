package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestARunThatSendsTellsRunsOfOtherLedgersThatItWasThere(t *testing.T) {
	t.Parallel()
	s := &script{ledger: "ours", workspace: "https://acme.example zeotap"}
	env := environment(t, s)
	env.OnUpsertMemo(map[string]any{activities.MemoLedger: "ours", activities.MemoWorkspace: "https://acme.example zeotap"}).Return(nil).Once()
	env.OnUpsertMemo(mock.MatchedBy(func(memo map[string]any) bool { return memo[workflows.MemoCounts] != nil })).Return(nil).Once()
	env.ExecuteWorkflow(activities.SyncWorkflow, workflows.AudienceSyncInput{Spec: demo()}) // Others look for it by this name.
	require.NoError(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestAPlanSaysWhyARunWouldBeRefused(t *testing.T) {
	t.Parallel()
	s := &script{notes: []string{"the segment holds unknown contacts"}}
	_, err := play(t, environment(t, s), workflows.AudienceSyncInput{Spec: demo(), PlanOnly: true})
	require.NoError(t, err)
	require.Equal(t, s.notes, s.closed[0].Notes)
}

func TestTheFinalCountsAreInTheMemo(t *testing.T) {
	t.Parallel()
	counted := int64(980)
	s := &script{closeRun: func(activities.CloseRunInput) (audience.Report, error) {
		return audience.Report{
			Sync: "demo", Run: 7, Verdict: audience.Explained, Acceptable: true, Source: audience.SourceCount{Read: 1000},
			Outcomes: audience.Outcomes{Unchanged: 900, Created: 50, Updated: 20, Accepted: 10, Invalid: 9, Refused: 8, Unresolved: 3},
			Segment:  audience.SegmentCount{Expected: 985, Counted: &counted},
		}, nil
	}}
	env := environment(t, s)
	env.OnUpsertMemo(map[string]any{workflows.MemoCounts: workflows.Counts{
		Run: 7, Read: 1000, Accepted: 80, Failures: 20, Expected: 985, Counted: &counted, Verdict: "explained",
	}}).Return(nil).Once()
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	env.AssertExpectations(t)
}
