package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"audiencesync/internal/audience"
)

// histories returns the history of a workflow run and of all in which it went on.
func (w *world) histories(t *testing.T, workflowID, runID string) []*historypb.History {
	t.Helper()
	var all []*historypb.History
	for runID != "" {
		history := &historypb.History{}
		events := w.client.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			history.Events = append(history.Events, event)
		}
		all = append(all, history)
		last := history.GetEvents()[len(history.GetEvents())-1]
		runID = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return all
}

func TestARunGoesOnInNewHistoriesAndStaysOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 200, batchesOf(20), inFlight(2), poisoned)
	spec := demo(t)
	spec.Limits.BatchesPerHistory = 5
	run := w.started(t, spec)
	first := run.GetRunID() // Get follows the run into its last history
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, int64(1), report.Run)
	require.Equal(t, report.Source.Read, report.Outcomes.Total())
	require.Equal(t, int64(2), report.Outcomes.Refused)
	require.Equal(t, w.Stats().Contacts, report.Outcomes.Taken())
	require.Zero(t, w.Stats().DuplicateEffects, "a batch was sent again in a new history")
	require.Greater(t, len(w.histories(t, run.GetID(), first)), 3)

	progress, err := w.progress(t.Context(), spec)
	require.NoError(t, err)
	require.Equal(t, report.Outcomes, progress.Outcomes)
	require.Equal(t, progress.Batches, progress.BatchesDone)
}

func TestTheHistoryOfABatchIsSmallAndHoldsNoContactData(t *testing.T) {
	t.Parallel()
	const batches, mostEvents, mostBytes = 100, 7, 1024
	w := newWorld(t, batches*10+20, batchesOf(10))
	run := w.started(t, demo(t))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.GreaterOrEqual(t, report.Batches, int64(batches))

	all := w.histories(t, run.GetID(), run.GetRunID())
	require.Len(t, all, 1)
	events, bytes := len(all[0].GetEvents()), proto.Size(all[0])
	t.Logf("%d batches: %.2f events and %.0f bytes per batch",
		report.Batches, float64(events)/float64(report.Batches), float64(bytes)/float64(report.Batches))
	require.LessOrEqual(t, events, mostEvents*int(report.Batches))
	require.LessOrEqual(t, bytes, mostBytes*int(report.Batches))

	text := all[0].String()
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		for _, value := range []string{member.Phone, member.Number, member.Email, member.CustomerID} {
			require.False(t, value != "" && strings.Contains(text, value), "the history holds contact data")
		}
	}
}
