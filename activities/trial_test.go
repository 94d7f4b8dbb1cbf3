package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/trial"
)

// A trial and a run do the same to a member: else its fingerprint would differ.
func TestARunFindsThoseUnchangedThatATrialBroughtOver(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	opened, err := trial.Open(t.Context(), trial.Options{Pool: v.activities.endpoints, Spec: spring(), Say: func(text string) { t.Log(text) }})
	require.NoError(t, err)
	chosen, err := opened.Choose(t.Context(), 7)
	require.NoError(t, err)
	sent, err := opened.Send(t.Context(), chosen.Candidates)
	require.NoError(t, err)
	require.Len(t, sent, 7)

	run, err := v.activities.openRun(t.Context(), OpenRunInput{Token: "one", StartedAt: time.Now(), Spec: spring()})
	require.NoError(t, err)
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(v.activities.ReadPages)
	value, err := env.ExecuteActivity(v.activities.ReadPages, ReadPagesInput{Run: run.Run})
	require.NoError(t, err)
	var read ReadPagesResult
	require.NoError(t, value.Get(&read))
	require.True(t, read.Complete)
	require.Equal(t, int64(1200), read.Read)
	require.Equal(t, int64(7), read.Outcomes[audience.Unchanged])
}
