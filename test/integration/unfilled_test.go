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
	const says = "source: no member has a value in citty (did you mean city?): check the sync file"

	run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, PlanOnly: true})
	require.NoError(t, err)
	plan, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, []audience.UnfilledField{{Field: "citty", Meant: "city"}}, plan.Source.Unfilled)
	require.Contains(t, plan.Explanation, says)
	require.Contains(t, w.run(t, spec).Explanation, says)
}
