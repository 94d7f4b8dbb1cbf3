package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
	"audiencesync/workflows"
)

// endedRun is a run that has ended, as Temporal knows it: no ledger is asked.
type endedRun struct {
	// Run is its number; 0 where it ended without a report.
	Run int64 `json:"run,omitempty"`
	// End is its verdict, or how it ended without one.
	End string `json:"end"`
	// Good says that "run" would have ended with exit code 0.
	Good      bool      `json:"good"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
	// Why is what a run without a report says of its end.
	Why string `json:"why,omitempty"`

	// aside is a plan, a proof alone or an audit: none is a run that brings members.
	aside bool
}

// runsPage is how many runs Temporal is asked for at a time.
const runsPage = 500

// eachRun calls use for the newest runs, of all syncs or, with a condition, of some,
// until it has enough. A history that the run went on from in a new one is no run.
func eachRun(ctx context.Context, c client.Client, condition string, use func(*workflowpb.WorkflowExecutionInfo) (enough bool)) error {
	query := "WorkflowType = '" + activities.SyncWorkflow + "' AND ExecutionStatus != 'ContinuedAsNew'"
	if condition != "" {
		query += " AND " + condition
	}
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: runsPage}
	for {
		page, err := c.ListWorkflow(ctx, request)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(page.GetExecutions(), use) {
			return nil
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return nil
		}
	}
}

func isGoing(run *workflowpb.WorkflowExecutionInfo) bool {
	return run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// newestFirst orders runs that have ended.
func newestFirst(runs []*workflowpb.WorkflowExecutionInfo) {
	slices.SortStableFunc(runs, func(a, b *workflowpb.WorkflowExecutionInfo) int {
		return cmp.Compare(b.GetCloseTime().AsTime().UnixNano(), a.GetCloseTime().AsTime().UnixNano())
	})
}

// aside reports whether a report is that of a plan, a proof alone or an audit.
func aside(r *audience.Report) bool {
	return r.Verified || r.Audited || r.Ended == audience.EndedPlanned
}

// cameOf learns what came of a run that has ended.
func cameOf(ctx context.Context, c client.Client, run *workflowpb.WorkflowExecutionInfo) (outcome, error) {
	sync, _ := workflows.SyncOf(run.GetExecution().GetWorkflowId())
	var report audience.Report
	err := c.GetWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()).Get(ctx, &report)
	if err != nil {
		if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); !ended {
			return outcome{}, err
		}
	}
	came := outcomeOf(sync, &report, err)
	came.cause = err
	return came, nil
}

// endOf learns how a run has ended.
func endOf(ctx context.Context, c client.Client, run *workflowpb.WorkflowExecutionInfo) (endedRun, error) {
	end := endedRun{StartedAt: run.GetStartTime().AsTime(), EndedAt: run.GetCloseTime().AsTime()}
	came, err := cameOf(ctx, c, run)
	if err != nil {
		return end, err
	}
	if came.report == nil {
		end.End = endWithoutReport(came.cause)
		if came.err.err != nil {
			end.Why = came.err.err.Error()
		}
		if in := startedWith(ctx, c, c.GetWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId())); in != nil {
			end.aside = in.PlanOnly || in.VerifyOnly || in.Audit
		}
		return end, nil
	}
	r := came.report
	end.Run, end.Good, end.aside = r.Run, came.err == nil, aside(r)
	end.End = (&runreport.Account{Ended: r.Ended, Verified: r.Verified, Verdict: r.Verdict, Acceptable: r.Acceptable}).End()
	return end, nil
}

// endWithoutReport says in a word how a run ended that was never closed.
func endWithoutReport(err error) string {
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case ok && said.Type() == activities.TypeOpenRefused:
		return "refused"
	case temporal.IsCanceledError(err):
		return audience.EndedCancelled
	case temporal.IsTerminatedError(err):
		return "terminated"
	default:
		return audience.EndedFailed
	}
}
