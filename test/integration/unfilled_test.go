package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestAMistypedFieldOfTheSourceIsNamedAndAskedAboutBeforeAnybodyIsSentWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	spec := demo(t)
	city := spec.Mapping.Properties["city"]
	city.From = "citty"
	spec.Mapping.Properties["city"] = city

	run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, PlanOnly: true})
	require.NoError(t, err)
	plan, err := w.end(t, run)
	require.NoError(t, err)
	unfilled := []audience.UnfilledField{{Field: "citty", Meant: "city"}}
	require.Equal(t, unfilled, plan.Source.Unfilled)
	const why = "no member has a value in citty (did you mean city?), and 1 member would be sent without: if that is a slip, correct the sync file (gate.unfilled)"
	require.Equal(t, []string{why}, plan.Plan.Beyond)

	asks := w.started(t, spec)
	hold := w.awaitHold(t, spec)
	require.Equal(t, why, hold.Why)
	require.Zero(t, w.Stats().UpsertsReceived)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	report, err := w.end(t, asks)
	require.NoError(t, err)
	require.Equal(t, unfilled, report.Source.Unfilled)
	require.EqualValues(t, 1, w.Stats().UpsertsReceived)
}
