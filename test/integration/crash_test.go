package integration

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
)

// hurry shortens the back-off of the activities of a run, as a person can with
// "temporal activity update-options". The server's timers still take a second.
func (w *world) hurry(t *testing.T, run client.WorkflowRun) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() {
		stop()
		<-done
	})
	go func() {
		defer close(done)
		short := map[string]bool{}
		for ticker := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-ticker.C {
			described, err := w.client.DescribeWorkflowExecution(ctx, run.GetID(), "")
			if err != nil {
				continue // The server may be slow.
			}
			for _, pending := range described.GetPendingActivities() {
				id, execution := pending.GetActivityId(), described.GetWorkflowExecutionInfo().GetExecution()
				waits := pending.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED && pending.GetAttempt() > 1
				// An error: it has ended meanwhile.
				if waits && !short[id] && w.shortenBackOff(ctx, execution, id) == nil {
					short[id] = true
				}
			}
		}
	}()
}

func (w *world) shortenBackOff(ctx context.Context, execution *commonpb.WorkflowExecution, id string) error {
	const short = 10 * time.Millisecond
	_, err := w.client.WorkflowService().UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: w.namespace, Execution: execution,
		Activity: &workflowservice.UpdateActivityOptionsRequest_Id{Id: id},
		ActivityOptions: &activitypb.ActivityOptions{
			RetryPolicy: &commonpb.RetryPolicy{InitialInterval: durationpb.New(short), MaximumInterval: durationpb.New(short)},
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"retry_policy.initial_interval", "retry_policy.maximum_interval"}},
	})
	return err
}

func TestAContactThatTheAPICannotBearIsUnresolvedAndKeepsNobodyElseBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second for each try")
	}
	t.Parallel()
	for name, at := range map[string]int64{"in the first batch": 2, "in a later batch": 30} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60, batchesOf(8))
			for w.Crowd().Member(at).Kind != people.Plain {
				at++
			}
			bad := w.Crowd().Member(at).Number
			require.NoError(t, w.SetFaults(simulator.Faults{Crash: []faults.Selection{{References: []string{bad}}}}))
			run := w.started(t, demo(t))
			w.hurry(t, run)
			_, err := w.end(t, run)
			report := failed(t, err, activities.TypeVerdictUnexplained)

			require.Equal(t, audience.Unexplained, report.Verdict)
			require.Equal(t, report.Source.Read, report.Outcomes.Total())
			require.Equal(t, int64(1), report.Outcomes.Unresolved)
			require.Zero(t, report.Outcomes.Refused)
			claims := w.claims(t)
			require.Equal(t, claim{audience.Unresolved, string(audience.NoAnswerForContact)}, claims[bad])
			stats := w.Stats()
			require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail-1, stats.Contacts)
			require.Equal(t, stats.Contacts, stats.UpsertsApplied, "a good contact was taken twice")
			_, there := w.Contact(bad)
			require.False(t, there)

			require.NoError(t, w.SetFaults(simulator.Faults{}))
			next := w.run(t, demo(t))
			require.Equal(t, audience.Explained, next.Verdict)
			require.Equal(t, int64(1), next.Outcomes.Taken(), "who was unresolved is sent again")
			requireTrueClaims(t, w, w.claims(t))
		})
	}
}
