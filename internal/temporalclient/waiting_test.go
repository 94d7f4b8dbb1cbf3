package temporalclient_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"audiencesync/internal/temporalclient"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// again is an activity that has failed and waits for its next try.
func again(attempt int32, why string, in time.Duration) *workflowpb.PendingActivityInfo {
	return &workflowpb.PendingActivityInfo{
		Attempt: attempt, LastFailure: &failurepb.Failure{Message: why}, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED,
		NextAttemptScheduleTime: timestamppb.New(noon.Add(in)),
	}
}

// timedOut is an activity that is tried again after a timeout.
func timedOut(kind enumspb.TimeoutType) *workflowpb.PendingActivityInfo {
	pending := again(2, "activity timeout on a machine", 0)
	pending.LastFailure.FailureInfo = &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: kind}}
	return pending
}

func TestAWorkflowWaitsForWhatWasTriedMostOften(t *testing.T) {
	t.Parallel()
	first := &workflowpb.PendingActivityInfo{Attempt: 1, LastFailure: &failurepb.Failure{Message: "first try"}}
	require.Nil(t, temporalclient.WaitingFor(nil))
	require.Nil(t, temporalclient.WaitingFor([]*workflowpb.PendingActivityInfo{first, again(9, "", 0)}))
	require.Equal(t, &temporalclient.Waiting{Why: "cannot be reached", Attempt: 4, Activities: 3, NextAt: noon.Add(10 * time.Second)},
		temporalclient.WaitingFor([]*workflowpb.PendingActivityInfo{
			again(2, "asked to wait 40s", 40*time.Second), first, again(4, "cannot be reached", 20*time.Second), again(3, "late", 10*time.Second),
		}))
}

func TestWhileATryIsUnderWayNobodyWaitsForTheNextOne(t *testing.T) {
	t.Parallel()
	started := again(3, "late", 0)
	started.State, started.NextAttemptScheduleTime = enumspb.PENDING_ACTIVITY_STATE_STARTED, nil
	require.Equal(t, &temporalclient.Waiting{Why: "late", Attempt: 3, Activities: 2},
		temporalclient.WaitingFor([]*workflowpb.PendingActivityInfo{again(2, "asked to wait 40s", 40*time.Second), started}))
}

func TestATimeoutIsSaidInPlainWordsThatNameNoMachine(t *testing.T) {
	t.Parallel()
	for kind, why := range map[enumspb.TimeoutType]string{
		enumspb.TIMEOUT_TYPE_HEARTBEAT:      "the worker that did this step is gone, another one tries again",
		enumspb.TIMEOUT_TYPE_START_TO_CLOSE: "this step took too long and is tried again",
	} {
		require.Equal(t, why, temporalclient.WaitingFor([]*workflowpb.PendingActivityInfo{timedOut(kind)}).Why)
	}
}

func TestAReasonToWaitIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	var nothing *temporalclient.Waiting
	require.Empty(t, nothing.Line(noon))
	for line, w := range map[string]temporalclient.Waiting{
		"asked to wait 40s (attempt 4)":                                       {Why: "asked to wait 40s", Attempt: 4, Activities: 1},
		"asked to wait 40s (attempt 4, next in 32s)":                          {Why: "asked to wait 40s", Attempt: 4, Activities: 1, NextAt: noon.Add(32 * time.Second)},
		"asked to wait 40s (3 are tried again, attempt 4, next in 2 min 0 s)": {Why: "asked to wait 40s", Attempt: 4, Activities: 3, NextAt: noon.Add(2 * time.Minute)},
		"late (attempt 2)": {Why: "late", Attempt: 2, Activities: 1, NextAt: noon.Add(-time.Second)},
	} {
		require.Equal(t, line, w.Line(noon))
	}
}
