package temporalclient

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
)

// Waiting is why a workflow waits: an activity failed, and is tried again.
type Waiting struct {
	Why string `json:"why"`
	// Attempt is which try comes next, or is under way, of the activity that was tried
	// most often.
	Attempt int32 `json:"attempt"`
	// Activities is how many are tried again.
	Activities int `json:"activities"`
	// NextAt is when the next try of any of them begins; zero while one is under way.
	NextAt time.Time `json:"next_at,omitzero"`
}

// Line is the reason in one line: "Hello Charles asked to wait 40s (2 are tried again,
// attempt 4, next in 32s)"; empty for nil.
func (w *Waiting) Line(now time.Time) string {
	if w == nil {
		return ""
	}
	many, next := "", ""
	if w.Activities > 1 {
		many = fmt.Sprintf("%d are tried again, ", w.Activities)
	}
	if w.NextAt.After(now) {
		next = ", next in " + audience.Spell(w.NextAt.Sub(now))
	}
	return fmt.Sprintf("%s (%sattempt %d%s)", w.Why, many, w.Attempt, next)
}

// Pending returns the activities of a workflow that are waited for; run "" is its newest
// run.
func Pending(ctx context.Context, c client.Client, workflow, run string) ([]*workflowpb.PendingActivityInfo, error) {
	description, err := c.DescribeWorkflowExecution(ctx, workflow, run)
	if err != nil {
		return nil, err
	}
	return description.GetPendingActivities(), nil
}

// WaitingFor says why a workflow waits for these activities; nil when none is tried
// again. Temporal lists them in no order.
func WaitingFor(activities []*workflowpb.PendingActivityInfo) *Waiting {
	var w *Waiting
	underWay := false
	for _, pending := range activities {
		why := whyAgain(pending.GetLastFailure())
		if pending.GetAttempt() < 2 || why == "" {
			continue
		}
		if w == nil {
			w = &Waiting{}
		}
		w.Activities++
		if pending.GetAttempt() > w.Attempt {
			w.Attempt, w.Why = pending.GetAttempt(), why
		}
		if pending.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED {
			underWay = true
		}
		if next := pending.GetNextAttemptScheduleTime(); next != nil && (w.NextAt.IsZero() || next.AsTime().Before(w.NextAt)) {
			w.NextAt = next.AsTime()
		}
	}
	if w != nil && underWay {
		w.NextAt = time.Time{}
	}
	return w
}

// whyAgain says in plain words why an activity is tried again.
func whyAgain(failure *failurepb.Failure) string {
	switch failure.GetTimeoutFailureInfo().GetTimeoutType() {
	case enumspb.TIMEOUT_TYPE_HEARTBEAT:
		return "the worker that did this step is gone, another one tries again"
	case enumspb.TIMEOUT_TYPE_START_TO_CLOSE:
		return "this step took too long and is tried again"
	default:
		return failure.GetMessage()
	}
}
