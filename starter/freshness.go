package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// freshness says when a sync has last ended well. It is learned from Temporal alone, so
// that a dead worker, or a lost ledger, is noticed.
type freshness struct {
	Sync string `json:"sync"`
	// Late says that no good run has ended within Allowed.
	Late           bool    `json:"late"`
	AllowedSeconds float64 `json:"allowed_seconds"`
	// Good is the last run that ended well, Last the last one that ended at all, nil
	// where Temporal keeps none. Plans, proofs alone and audits are no runs.
	Good *endedRun `json:"good,omitempty"`
	Last *endedRun `json:"last,omitempty"`
	// GoingSince is when a run began that is going; nil when none is.
	GoingSince *time.Time `json:"going_since,omitempty"`
}

// mostBeyond is how many runs are looked at that ended too long ago, to find the last
// good one and say when it was.
const mostBeyond = 50

func findFreshness(ctx context.Context, c client.Client, sync string, allowed time.Duration, now time.Time) (freshness, error) {
	found := freshness{Sync: sync, AllowedSeconds: allowed.Seconds(), Late: true}
	beyond := 0
	var failed error
	err := eachRun(ctx, c, "WorkflowId = '"+workflows.SyncID(sync)+"'", func(run *workflowpb.WorkflowExecutionInfo) (enough bool) {
		if isGoing(run) {
			since := run.GetStartTime().AsTime()
			found.GoingSince = &since
			return false
		}
		var end endedRun
		if end, failed = endOf(ctx, c, run); failed != nil {
			return true
		}
		inTime := now.Sub(end.EndedAt) <= allowed
		if !inTime {
			beyond++
		}
		if end.aside {
			return beyond == mostBeyond
		}
		if found.Last == nil {
			found.Last = &end
		}
		if end.Good {
			found.Good, found.Late = &end, !inTime
		}
		return end.Good || beyond == mostBeyond
	})
	if err == nil {
		err = failed
	}
	return found, err
}

// failIfOlder prints when the sync has last ended well, and fails if that is too long
// ago.
func (a *app) failIfOlder(ctx context.Context, c client.Client, sync string, allowed time.Duration) error {
	now := time.Now()
	found, err := findFreshness(ctx, c, sync, allowed, now)
	if err != nil {
		return failed(sync, err)
	}
	if found.Good == nil {
		if keeps := a.keepsRuns(ctx, c); keeps > 0 && keeps < allowed {
			return usage("sync %s: no good run of the last %s, and Temporal keeps no older ones, so nobody can tell about %s: lengthen the retention of the namespace, or allow less",
				sync, audience.Spell(keeps), allowed)
		}
	}
	if a.output == outputJSON {
		err = a.printJSON(found)
	} else {
		_, err = fmt.Fprintln(a.stdout, found.text(now))
	}
	if err != nil {
		return failed(sync, err)
	}
	if found.Late {
		return failed(sync, fmt.Errorf("no good run has ended within %s", allowed))
	}
	return nil
}

// keepsRuns is how long Temporal keeps runs that have ended; 0 where it does not say.
func (a *app) keepsRuns(ctx context.Context, c client.Client) time.Duration {
	options, err := temporalclient.Load(temporalclient.Options{Address: a.address, Namespace: a.namespace, Logger: quiet()})
	if err != nil {
		return 0
	}
	namespace, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: options.Namespace})
	if err != nil {
		return 0
	}
	return namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func (f freshness) text(now time.Time) string {
	var text strings.Builder
	fmt.Fprintf(&text, "sync %s: ", f.Sync)
	if f.Good == nil {
		text.WriteString("no run is known that ended well")
	} else {
		fmt.Fprintf(&text, "the last good run, %d, ended %s ago (%s): %s",
			f.Good.Run, audience.Spell(now.Sub(f.Good.EndedAt)), clock(f.Good.EndedAt), f.Good.End)
	}
	if f.Last != nil && (f.Good == nil || f.Last.EndedAt.After(f.Good.EndedAt)) {
		fmt.Fprintf(&text, "; the last run ended %s ago: %s", audience.Spell(now.Sub(f.Last.EndedAt)), f.Last.End)
		if f.Last.Why != "" {
			fmt.Fprintf(&text, " (%s)", f.Last.Why)
		}
	}
	if f.GoingSince != nil {
		fmt.Fprintf(&text, "; a run is going since %s", clock(*f.GoingSince))
	}
	return text.String()
}
