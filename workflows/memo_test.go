package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/workflows"
)

func TestARunThatSendsTellsRunsOfOtherLedgersThatItWasThere(t *testing.T) {
	t.Parallel()
	s := &script{ledger: "ours", workspace: "https://acme.example zeotap"}
	env := environment(t, s)
	env.OnUpsertMemo(map[string]any{activities.MemoLedger: "ours", activities.MemoWorkspace: "https://acme.example zeotap"}).Return(nil).Once()
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
