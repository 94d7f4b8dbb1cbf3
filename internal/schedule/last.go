package schedule

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/workflows"
)

// Ends of due runs that have none of a run.
const (
	// Going: it has not ended.
	Going = "going"
	// Forgotten: Temporal has deleted it, and no later one has told of it.
	Forgotten = "forgotten"
)

// Last is a time at which the schedule has acted.
type Last struct {
	workflows.DueEnd

	// StartedAt is when the due run was started.
	StartedAt time.Time `json:"started_at"`
}

// Last returns when the schedule has acted, the last ten times, newest first, and how
// that ended: a verdict, or the type of the error of a run that failed.
func (f *Found) Last(ctx context.Context, c client.Client) ([]Last, error) {
	return f.last(ctx, c, len(f.info.RecentActions))
}

// Newest returns when the schedule has acted last and how that ended, nil if it never has.
func (f *Found) Newest(ctx context.Context, c client.Client) (*Last, error) {
	last, err := f.last(ctx, c, min(1, len(f.info.RecentActions)))
	if err != nil || len(last) == 0 {
		return nil, err
	}
	return &last[0], nil
}

func (f *Found) last(ctx context.Context, c client.Client, n int) ([]Last, error) {
	zone, err := f.Pinned.Cadence.Zone()
	if err != nil {
		return nil, err
	}
	list := make([]Last, 0, n)
	// A due run tells of those before it: few have to be asked for.
	told := map[int64]workflows.DueEnd{}
	actions := f.info.RecentActions
	for i := range n {
		action := actions[len(actions)-1-i]
		started := action.StartWorkflowResult
		if started == nil {
			continue
		}
		at := firedAt(started.WorkflowID, action.ScheduleTime)
		end, ok := told[at.Unix()]
		if !ok {
			ended, err := endOf(ctx, c, *started)
			if err != nil {
				return nil, err
			}
			for _, before := range ended.Before {
				told[before.FiredAt.Unix()] = before
			}
			end = ended.DueEnd
		}
		end.FiredAt = at.In(zone)
		list = append(list, Last{DueEnd: end, StartedAt: action.ActualTime.In(zone)})
	}
	return list, nil
}

// firedAt is when a schedule meant to act, before jitter: the workflow ID ends with it.
func firedAt(workflowID string, scheduled time.Time) time.Time {
	const length = len("2006-01-02T15:04:05Z")
	if len(workflowID) < length {
		return scheduled
	}
	at, err := time.Parse(time.RFC3339, workflowID[len(workflowID)-length:])
	if err != nil {
		return scheduled
	}
	return at
}

// endOf learns how a due run has ended.
func endOf(ctx context.Context, c client.Client, started client.ScheduleWorkflowExecution) (workflows.DueRunResult, error) {
	description, err := c.DescribeWorkflowExecution(ctx, started.WorkflowID, started.FirstExecutionRunID)
	var result workflows.DueRunResult
	if err == nil {
		if description.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return endNamed(Going), nil
		}
		err = c.GetWorkflow(ctx, started.WorkflowID, started.FirstExecutionRunID).Get(ctx, &result)
	}
	if err == nil {
		return result, nil
	}
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return endNamed(Forgotten), nil
	}
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); !ended {
		return result, err
	}
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return endNamed(activities.EndStopped), nil
	}
	if said.HasDetails() && said.Details(&result) == nil {
		return result, nil
	}
	return endNamed(said.Type()), nil
}

func endNamed(how string) workflows.DueRunResult {
	return workflows.DueRunResult{DueEnd: workflows.DueEnd{Ended: how}}
}
