package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestAMistypedFieldOfTheSourceIsNamedByThePlanAndByTheRun(t *testing.T) {
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
	require.Equal(t, unfilled, w.run(t, spec).Source.Unfilled)
}
