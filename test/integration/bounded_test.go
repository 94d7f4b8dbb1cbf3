package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// mostOfAnEvent is a hundredth of what the server takes (limit.blobSize.error).
const mostOfAnEvent = (2 << 20) / 100

// verbose gives the audience a name of 100 kB, and lets Hello Charles refuse each of so
// many members for a reason of its own, with a text of 20 kB.
func verbose(members int) func(*settings) {
	return func(s *settings) {
		s.simulator.Zeotap.Audience = audience.Audience{ID: "984", Name: strings.Repeat("Spring ", 15_000)}
		crowd := simulator.New(s.simulator).Crowd()
		for i := range members {
			s.simulator.Faults.Refuse = append(s.simulator.Faults.Refuse, faults.Refusal{
				References: []string{crowd.Member(int64(i)).Number}, Message: strings.Repeat("because ", 2500),
				Code: "no_" + string(rune('a'+i/26%26)) + string(rune('a'+i%26)),
			})
		}
	}
}

// largestEvent is the size of the largest event of a run, with all its payloads.
func (w *world) largestEvent(t *testing.T, run client.WorkflowRun) int {
	t.Helper()
	most := 0
	for _, history := range w.histories(t, run.GetID(), run.GetRunID()) {
		for _, event := range history.GetEvents() {
			most = max(most, proto.Size(event))
		}
	}
	return most
}

func TestWhatOthersWriteDoesNotMakeEventsAndAnswersGrow(t *testing.T) {
	t.Parallel()
	const members = 400
	w := newWorld(t, members, batchesOf(50), verbose(members))
	spec := demo(t)
	spec.Limits.Refused, spec.Verification = 1, config.Verification{None: true}
	run := w.started(t, spec)
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeVerdictOutside)
	require.Greater(t, report.Outcomes.Refused, int64(350))
	require.LessOrEqual(t, len(report.Reasons), 60, "those that count most, and the others added up")
	sum := int64(0)
	for _, n := range report.Reasons {
		sum += n
	}
	require.Equal(t, sum, report.Outcomes.Failures()+report.Outcomes.Duplicate+report.Outcomes.Suppressed)
	require.Contains(t, report.Audience.Name, "… (cut, it has 105,000 bytes)")

	require.Less(t, w.largestEvent(t, run), mostOfAnEvent)
	progress, err := w.progress(t.Context(), spec)
	require.NoError(t, err)
	answer, err := json.Marshal(progress)
	require.NoError(t, err)
	require.Less(t, len(answer), mostOfAnEvent)
}

func TestThousandsOfProblemsAreCutWithANote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	spec := demo(t)
	for i := range 3000 {
		spec.Mapping.Properties[fmt.Sprintf("property_that_is_not_there_%04d", i)] = config.PropertySource{Origin: config.Origin{From: "city"}, Type: config.PropertyString}
	}
	check, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.CheckID(spec.Sync), TaskQueue: workflows.TaskQueue},
		workflows.CheckSync, activities.CheckSyncInput{Spec: spec})
	require.NoError(t, err)
	var found activities.CheckSyncResult
	require.NoError(t, check.Get(t.Context(), &found))
	require.Len(t, found.Problems, 50)
	require.Equal(t, "and 2,951 more", found.Problems[49])

	_, err = w.end(t, w.started(t, spec))
	require.ErrorContains(t, err, "property_that_is_not_there_0000")
	require.ErrorContains(t, err, "… (cut, it has ")
	require.Less(t, len(err.Error()), 4<<10)
}
