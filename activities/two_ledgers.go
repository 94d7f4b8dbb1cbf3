package activities

import (
	"context"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"audiencesync/internal/preflight"
)

// Keys of the memo of a run that sends, and what they hold: by which ledger it
// runs, and into which workspace.
const (
	MemoLedger    = "audiencesync_ledger"
	MemoWorkspace = "audiencesync_workspace"
)

// SyncWorkflow is the type of the workflow that is a run.
const SyncWorkflow = "AudienceSync"

// How far back runs of other ledgers are looked for: it takes a moment, and only
// happens until a sync has run.
const (
	lookBackPages = 5
	lookBackPage  = 200
	lookBackWait  = 10 * time.Second
)

// doubts are why a run that sends is refused though nothing is wrong with the sync:
// nobody knows whose contacts are in the workspace.
func (a *Activities) doubts(ctx context.Context, found *preflight.Findings, sync *preflight.Sync) ([]string, error) {
	var doubts []string
	if found.Beginning != "" {
		doubts = append(doubts, found.Beginning)
	}
	b, err := a.ledger.Beginning(ctx, sync.Spec.Sync)
	if err != nil || b.Closed {
		return doubts, err
	}
	workspace := sync.Workspace.Settings.Workspace()
	since, err := a.ledger.InUseSince(ctx, workspace)
	if err != nil {
		return nil, err
	}
	other := a.otherLedger(ctx, workspace)
	if other == nil || since.After(other.startedAt) {
		return doubts, nil
	}
	return append(doubts, fmt.Sprintf(
		"another ledger has run syncs into the workspace %s (%s started %s by ledger %s, and this is ledger %s): one workspace takes one ledger, "+
			"which holds who was marked, who is gone, and the request budget; let this worker use the other ledger (--ledger), or, if that is lost, %s",
		workspace, other.workflow, other.startedAt.UTC().Format(time.RFC3339), other.id, a.ledger.ID(), preflight.Remedies(sync.Spec.Sync))), nil
}

// otherLedger is another ledger that was used for a workspace, by its newest run.
type otherLedger struct {
	id, workflow string
	startedAt    time.Time
}

// otherLedger looks for runs into the workspace that were made with another ledger.
// It returns nil where there is none, or where it cannot be told.
func (a *Activities) otherLedger(ctx context.Context, workspace string) *otherLedger {
	if a.temporal == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookBackWait)
	defer cancel()
	var newest *otherLedger
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = '" + SyncWorkflow + "'", PageSize: lookBackPage}
	for range lookBackPages {
		page, err := a.temporal.ListWorkflow(ctx, request)
		if err != nil {
			activity.GetLogger(ctx).Warn("runs of other ledgers could not be looked for", "error", err)
			return newest
		}
		for _, run := range page.GetExecutions() {
			startedAt := run.GetStartTime().AsTime()
			id := memoText(run.GetMemo(), MemoLedger)
			switch {
			case id == "", id == a.ledger.ID(), memoText(run.GetMemo(), MemoWorkspace) != workspace:
			case newest == nil || startedAt.After(newest.startedAt):
				newest = &otherLedger{id: id, workflow: run.GetExecution().GetWorkflowId(), startedAt: startedAt}
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			break
		}
	}
	return newest
}

// memoText returns a text of a memo; empty where it is not there, or is none.
func memoText(memo *commonpb.Memo, key string) string {
	var text string
	if payload := memo.GetFields()[key]; payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &text) != nil {
		return ""
	}
	return text
}
