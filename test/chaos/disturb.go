package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"audiencesync/test/endtoend/programs"
	"audiencesync/test/site"
	"audiencesync/workflows"
)

// await waits for the point of the plan, and reports whether the run came to it.
func (r *round) await(ctx context.Context, run *programs.Program) (reached bool, err error) {
	var at func(context.Context) bool
	switch r.plan.point {
	case continuing:
		at = func(ctx context.Context) bool {
			first, current := r.histories(ctx)
			return first != r.calm && first != current
		}
	case closing:
		at = func(ctx context.Context) bool { return r.pending(ctx, "CloseRun") }
	case atRandom:
		at = func(ctx context.Context) bool {
			first, _ := r.histories(ctx)
			return first != r.calm
		}
	case betweenPages, beforeSend, beforeSettle, splitting, counting:
		at = func(context.Context) bool { return site.Closed(r.trap.reached) }
	}
	end := time.Now().Add(site.RunWithin)
	for !at(ctx) {
		if site.Closed(run.Ended()) || time.Now().After(end) {
			return false, nil
		}
		if err := site.Pass(ctx, lookEvery); err != nil {
			return false, err
		}
	}
	if r.plan.point == continuing || r.plan.point == closing {
		return true, nil // It takes a moment only.
	}
	return true, site.Pass(ctx, r.plan.delay)
}

// histories are the ids of the first and the current history of the newest run, as far
// as there is one that Temporal tells of; else both are those of the run before.
func (r *round) histories(ctx context.Context) (first, current string) {
	described, err := r.ground.Client.DescribeWorkflowExecution(ctx, workflows.SyncID(r.Name), "")
	if err != nil {
		return r.calm, r.calm
	}
	info := described.GetWorkflowExecutionInfo()
	return info.GetFirstRunId(), info.GetExecution().GetRunId()
}

// pending reports whether an activity of this kind is under way.
func (r *round) pending(ctx context.Context, activity string) bool {
	described, err := r.ground.Client.DescribeWorkflowExecution(ctx, workflows.SyncID(r.Name), "")
	if err != nil {
		return false
	}
	for _, pending := range described.GetPendingActivities() {
		if pending.GetActivityType().GetName() == activity {
			return true
		}
	}
	return false
}

// disturb does what the plan says, and returns by how many contacts may be sent again
// for it.
func (r *round) disturb(ctx context.Context) (bound int64, err error) {
	bound = site.InFlight * site.BatchSize
	switch r.plan.victim {
	case workerKilled:
		r.Worker.Kill()
		r.trap.release(true)
		if bound, err = r.unsettled(ctx); err != nil {
			return 0, err
		}
		return bound, r.StartWorker(ctx)
	case workerStopped:
		err := r.Worker.Signal(syscall.SIGTERM)
		r.trap.release(false)
		return 0, errors.Join(err, r.AwaitWorker(ctx), r.StartWorker(ctx))
	case temporalKilled:
		r.ground.Temporal.Kill()
		r.trap.release(false)
		return bound, r.ground.StartTemporal(ctx)
	case temporalStopped:
		r.trap.release(false)
		err := site.Stop(r.ground.Temporal)
		return bound, errors.Join(err, r.ground.StartTemporal(ctx))
	case ledgerKilled:
		return bound, r.disturbLedger(ctx)
	case vendorsCut:
		r.trap.release(r.plan.point != beforeSettle) // Else the vendor has done it.
		return bound, r.ground.cutVendors(ctx, r.plan.away)
	case runTerminated:
		err := r.ground.Client.TerminateWorkflow(ctx, workflows.SyncID(r.Name), "", "chaos")
		r.trap.release(false)
		return bound, err
	}
	return 0, fmt.Errorf("nobody knows how to disturb %s", r.plan.victim)
}

// disturbLedger kills the server of a ledger in PostgreSQL; a ledger in a file is
// locked by another program for a while.
func (r *round) disturbLedger(ctx context.Context) error {
	if r.ground.postgres != nil {
		r.ground.postgres.Kill()
		r.trap.release(false)
		return r.ground.postgres.Start(ctx)
	}
	unlock, err := site.LockLedger(ctx, r.Ledger)
	if err != nil {
		return err
	}
	r.trap.release(false)
	return errors.Join(site.Pass(ctx, r.plan.away), unlock())
}

// unsettled is how many contacts are in batches that were marked sent and not settled:
// the requests in flight.
func (r *round) unsettled(ctx context.Context) (contacts int64, err error) {
	db, err := site.OpenLedger(r.Ledger)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `SELECT coalesce(sum(members), 0) FROM batches WHERE state = 'sent'`).Scan(&contacts)
	return contacts, err
}
