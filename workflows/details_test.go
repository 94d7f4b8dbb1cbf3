package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func TestTheDetailsOfARunSayWhatIsBroughtWhereAndWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	spec := demo()
	spec.Audience.Name, spec.Source, spec.Mode = "Spring | *all*", "zeotap", config.ModeMirror
	spec.Marker = config.Marker{Property: "zeotap_984", Member: "member", Left: "left"}
	expect := int64(98_412)
	require.Equal(t, `**demo**: reads the audience, decides what has to change, sends it, proves that it arrived; every member is sent again; 98,412 members are expected

| | |
|---|---|
| audience | 984 Spring \| \*all\* |
| from | zeotap |
| into | charles |
| mode | mirror: who left loses the marker |
| marker | property zeotap\_984 = member |
| segment | seg-984, compared with the ledger: always |

`+"`audiencesync watch demo` follows the run, `audiencesync status demo` says what it waits for; docs/web-ui.md explains this page.\n",
		workflows.Details(workflows.AudienceSyncInput{Spec: spec, Full: true, Expect: &expect}))

	for says, in := range map[string]workflows.AudienceSyncInput{
		"proves what earlier runs have brought":  {VerifyOnly: true},
		"says what a run would do, sends nobody": {PlanOnly: true},
		"takes all marks of the sync away":       {Retire: true},
		"contacts that are gone are created":     {Recreate: true},
		"started by schedule":                    {Scheduled: true},
		"compares the audience with the segment": {Audit: true},
		"a person has counted 98,412 contacts":   {VerifyOnly: true, Entered: &expect},
	} {
		in.Spec = demo()
		require.Contains(t, workflows.Details(in), says)
	}
}

// details are the current details of a workflow, as the web UI asks for them.
func details(t *testing.T, env *testsuite.TestWorkflowEnvironment) string {
	t.Helper()
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

func TestWhileItSendsTheDetailsAreTheProgress(t *testing.T) {
	t.Parallel()
	s := &script{batches: 20, window: 3}
	env := environment(t, s)
	var seen string
	s.sendBatch = func(_ context.Context, batch int64) (activities.SendBatchResult, error) {
		result := created(980)
		result.Outcomes[audience.Refused] = 20
		return result, nil
	}
	whenStarted(env, "SendBatch", 12, func() { seen = details(t, env) })
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Contains(t, seen, "**demo**, run 7: send\n\naudience 984 into charles\n\n| | |\n|---|---|\n| read | 20,000 |\n| to send | 20,000 |\n")
	require.Regexp(t, `\| accepted \| [\d,]+ \|\n\| unchanged \| 0 \|\n\| failures \| \d+ \|\n`, seen)
	require.Regexp(t, `\| batches \| \d+ of 20, \d under way \|\n\| rate \| 0 members a second, 2,000 are allowed \|\n\| time left \| about \d+s \|\n`, seen)
}

func TestAtItsEndTheDetailsAreTheVerdictWithTheFirstLinesBehindIt(t *testing.T) {
	t.Parallel()
	s := &script{closeRun: func(activities.CloseRunInput) (audience.Report, error) {
		return audience.Report{
			Sync: "demo", Run: 7, Verdict: audience.Unexplained, Summary: "The segment holds 900 contacts, but 1,000 are expected: 100 are missing.",
			Explanation: []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
		}, nil
	}}
	env := environment(t, s)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeVerdictUnexplained)
	require.True(t, strings.HasPrefix(details(t, env), "**demo**, run 7: **unexplained**\n\naudience 984 into charles\n\n"+
		"The segment holds 900 contacts, but 1,000 are expected: 100 are missing.\n\n- one\n- two\n- three\n- four\n- five\n- six\n- seven\n- eight\n"+
		"- and 2 more: `audiencesync status demo`\n\n| | |\n|---|---|\n| read | 1,000 |\n"), details(t, env))
}

func TestWhileItWaitsForAPersonTheDetailsSayWhatFor(t *testing.T) {
	t.Parallel()
	env := environment(t, &script{decide: beyondOnce()})
	env.RegisterDelayedCallback(func() {
		require.Contains(t, details(t, env), "| **waits for approval** | too much |\n")
	}, time.Minute)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeNotApproved)
	require.NotContains(t, details(t, env), "waits for")
}
