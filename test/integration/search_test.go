package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// registerAttributes lets runs be searched for, as "audiencesync up" does.
func (w *world) registerAttributes(t *testing.T) {
	t.Helper()
	_, err := temporalclient.RegisterAttributes(t.Context(), w.client, w.namespace)
	require.NoError(t, err)
}

// found returns the Temporal run ids that a query finds.
func (w *world) found(t *testing.T, query string) []string {
	t.Helper()
	listed, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, Query: query})
	require.NoError(t, err, query)
	runs := make([]string, len(listed.GetExecutions()))
	for i, execution := range listed.GetExecutions() {
		runs[i] = execution.GetExecution().GetRunId()
	}
	slices.Sort(runs)
	return runs
}

// requireFound waits until a query finds these runs: what is searched for lags behind.
func (w *world) requireFound(t *testing.T, query string, runs ...string) {
	t.Helper()
	slices.Sort(runs)
	require.Eventually(t, func() bool { return slices.Equal(w.found(t, query), runs) }, patience, 50*time.Millisecond,
		"%s finds something else than %v", query, runs)
}

// neverCounted is a segment that stays empty.
var neverCounted = simulator.Faults{Counts: &faults.Counts{Delay: faults.Duration(time.Hour)}}

// impatient is the demo's sync, which does not wait for a segment that stays empty, nor
// asks who is missing.
func impatient(t *testing.T) config.Sync {
	t.Helper()
	spec := demo(t)
	spec.Verification.MaxLag = config.Duration(time.Second)
	spec.Verification.Compare = config.CompareNever
	return spec
}

func TestOneLineFindsEveryUnexplainedRunOfAWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, withFaults(neverCounted))
	w.registerAttributes(t)
	acme := `AudienceSyncWorkspace="` + w.charles.url[len("http://"):] + `"`

	first := w.started(t, impatient(t))
	_, err := w.end(t, first)
	failed(t, err, activities.TypeVerdictUnexplained)
	proof, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: impatient(t), VerifyOnly: true})
	require.NoError(t, err)
	_, err = w.end(t, proof)
	failed(t, err, activities.TypeVerdictUnexplained)
	wrong := demo(t)
	wrong.Mapping.Tags = config.ConstantTags("zeotop")
	refused := w.started(t, wrong)
	_, err = w.end(t, refused)
	require.ErrorContains(t, err, "zeotop")
	require.NoError(t, w.SetFaults(simulator.Faults{}))
	good := w.started(t, demo(t))
	_, err = w.end(t, good)
	require.NoError(t, err)

	w.requireFound(t, acme+` AND AudienceSyncVerdict="unexplained"`, first.GetRunID(), proof.GetRunID())
	w.requireFound(t, `AudienceSyncVerdict="unexplained" AND AudienceSyncWorkspace="globex"`)
	w.requireFound(t, acme+` AND AudienceSyncVerdict="explained" AND AudienceSyncRun=3`, good.GetRunID())
	w.requireFound(t, acme+` AND AudienceSyncVerdict="refused"`, refused.GetRunID())
	w.requireFound(t, `AudienceSyncName="demo" AND AudienceSyncAudience="984" AND AudienceSyncPhase="done"`,
		first.GetRunID(), proof.GetRunID(), good.GetRunID())
}

func TestARunIsFoundWhileItWaitsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	w.registerAttributes(t)
	spec := demo(t)
	spec.Gate.FirstRun = config.FirstExpect
	run := w.started(t, spec)
	hold := w.awaitHold(t, spec)
	w.requireFound(t, `AudienceSyncPhase="waiting" AND ExecutionStatus="Running"`, run.GetRunID())
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	_, err := w.end(t, run)
	require.NoError(t, err)
	w.requireFound(t, `AudienceSyncPhase="waiting"`)
}

func TestARunThatRepairsAnotherOneIsFoundByItsOwnVerdict(t *testing.T) {
	t.Parallel()
	lost := simulator.Faults{Lose: []faults.Selection{{References: []string{someone(3)}, Attempts: 1}}}
	w := newWorld(t, 1, withFaults(lost))
	w.registerAttributes(t)
	setAudience(t, w.Simulator, everyone(0, 20))
	first := w.started(t, onceMore(t, w, 0))
	firstID := first.GetRunID()
	report, err := w.end(t, first)
	require.NoError(t, err)
	require.Equal(t, int64(2), report.Run)
	w.requireFound(t, `AudienceSyncVerdict="unexplained" AND AudienceSyncRun=1`, firstID)
	w.requireFound(t, `AudienceSyncVerdict="unexplained" AND AudienceSyncRun=2`)
	w.requireFound(t, `AudienceSyncVerdict="`+string(report.Verdict)+`" AND AudienceSyncRun=2`, first.GetRunID())
}

func TestOnAServerWithoutSearchAttributesARunIsTheSame(t *testing.T) {
	t.Parallel()
	with, without := newWorld(t, 300), newWorld(t, 300)
	with.registerAttributes(t)
	reports := make([]*audience.Report, 2)
	for i, w := range []*world{with, without} {
		reports[i] = w.run(t, demo(t))
		require.NotNil(t, reports[i].Source.Snapshot)
		reports[i].StartedAt, reports[i].FinishedAt = time.Time{}, time.Time{}
		reports[i].Source.AsOf, reports[i].Source.Snapshot.AsOf = time.Time{}, time.Time{}
	}
	require.Equal(t, reports[0], reports[1])
}

func TestTheFinalCountsOfARunAreInItsMemo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	run := w.started(t, demo(t))
	report, err := w.end(t, run)
	require.NoError(t, err)
	described, err := w.client.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	var counts workflows.Counts
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(
		described.GetWorkflowExecutionInfo().GetMemo().GetFields()[workflows.MemoCounts], &counts))
	require.Equal(t, workflows.Counts{
		Run: 1, Read: report.Source.Read, Accepted: report.Outcomes.Taken(), Failures: report.NewFailures,
		Expected: report.Segment.Expected, Counted: report.Segment.Counted, Verdict: string(report.Verdict),
	}, counts)
}
