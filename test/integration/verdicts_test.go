package integration

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// failed waits for a run that fails, and returns the report in its error.
func failed(t *testing.T, err error, kind string) *audience.Report {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, kind, application.Type())
	var report audience.Report
	require.NoError(t, application.Details(&report))
	return &report
}

func TestARunOutsideAcceptFailsWithItsReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	spec := demo(t)
	spec.Accept.Invalid = 0.001
	_, err := w.end(t, w.started(t, spec))
	report := failed(t, err, activities.TypeVerdictOutside)
	require.Equal(t, audience.Explained, report.Verdict)
	requireTrueReport(t, w, report)
}

func TestARunThatIsRefusedAtOpenSendsNothingAndNamesAllThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	spec.Mapping.Tags = append(spec.Mapping.Tags, config.ConstantTags("zeotop")...)
	spec.Verification.Segment = "seg-000"
	_, err := w.end(t, w.started(t, spec))
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, activities.TypeOpenRefused, application.Type())
	require.Contains(t, application.Message(), `tag "zeotop" does not exist`)
	require.Contains(t, application.Message(), `segment "seg-000" does not exist`)
	require.Zero(t, w.Stats().UpsertsReceived)
	require.Zero(t, w.Stats().Requests["members"])
}

func TestAKeyThatExpiresInMidRunPausesTheRunAndResumeGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 400, batchesOf(40), withFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Path: contactsPath, From: 3, To: 3}, Do: faults.Status, Status: 401,
	}}}))
	run := w.started(t, demo(t))
	hold := w.awaitHold(t, demo(t))
	require.Equal(t, workflows.HoldAccess, hold.Kind)
	require.Contains(t, hold.Why, "401")
	require.NoError(t, w.steer(t, demo(t), workflows.UpdateResume, ""))
	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	require.NotEmpty(t, report.Decisions)
}
