package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"

	"audiencesync/test/endtoend/programs"
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
		at = func(context.Context) bool { return closed(r.trap.reached) }
	}
	end := time.Now().Add(runWithin)
	for !at(ctx) {
		if closed(run.Ended()) || time.Now().After(end) {
			return false, nil
		}
		if err := pass(ctx, lookEvery); err != nil {
			return false, err
		}
	}
	if r.plan.point == continuing || r.plan.point == closing {
		return true, nil // It takes a moment only.
	}
	return true, pass(ctx, r.plan.delay)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// histories are the ids of the first and the current history of the newest run, as far
// as there is one that Temporal tells of; else both are those of the run before.
func (r *round) histories(ctx context.Context) (first, current string) {
	described, err := r.site.client.DescribeWorkflowExecution(ctx, workflows.SyncID(r.name), "")
	if err != nil {
		return r.calm, r.calm
	}
	info := described.GetWorkflowExecutionInfo()
	return info.GetFirstRunId(), info.GetExecution().GetRunId()
}

// pending reports whether an activity of this kind is under way.
func (r *round) pending(ctx context.Context, activity string) bool {
	described, err := r.site.client.DescribeWorkflowExecution(ctx, workflows.SyncID(r.name), "")
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
	bound = inFlight * batchSize
	switch r.plan.victim {
	case workerKilled:
		r.worker.Kill()
		r.trap.release(true)
		if bound, err = r.unsettled(ctx); err != nil {
			return 0, err
		}
		return bound, r.startWorker(ctx)
	case workerStopped:
		err := r.worker.Signal(syscall.SIGTERM)
		r.trap.release(false)
		return 0, errors.Join(err, r.awaitWorker(ctx), r.startWorker(ctx))
	case temporalKilled:
		r.site.temporal.Kill()
		r.trap.release(false)
		return bound, r.site.startTemporal(ctx)
	case temporalStopped:
		r.trap.release(false)
		_, err := r.site.temporal.Stop(stopWithin)
		return bound, errors.Join(err, r.site.startTemporal(ctx))
	case ledgerKilled:
		return bound, r.disturbLedger(ctx)
	case vendorsCut:
		r.trap.release(r.plan.point != beforeSettle) // Else the vendor has done it.
		return bound, r.site.cutVendors(ctx, r.plan.away)
	case runTerminated:
		err := r.site.client.TerminateWorkflow(ctx, workflows.SyncID(r.name), "", "chaos")
		r.trap.release(false)
		return bound, err
	}
	return 0, fmt.Errorf("nobody knows how to disturb %s", r.plan.victim)
}

// awaitWorker waits until a worker that was asked to stop has ended well.
func (r *round) awaitWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	code, err := r.worker.Wait(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("the worker ended with exit code %d", code)
	}
	return err
}

// disturbLedger kills the server of a ledger in PostgreSQL; a ledger in a file is
// locked by another program for a while.
func (r *round) disturbLedger(ctx context.Context) error {
	if r.site.postgres != nil {
		r.site.postgres.kill()
		r.trap.release(false)
		return r.site.postgres.start(ctx)
	}
	db, err := openLedger(r.ledger)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	connection, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		return err
	}
	r.trap.release(false)
	err = pass(ctx, r.plan.away)
	_, rollback := connection.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	return errors.Join(err, rollback)
}

// unsettled is how many contacts are in batches that were marked sent and not settled:
// the requests in flight.
func (r *round) unsettled(ctx context.Context) (contacts int64, err error) {
	db, err := openLedger(r.ledger)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `SELECT coalesce(sum(members), 0) FROM batches WHERE state = 'sent'`).Scan(&contacts)
	return contacts, err
}

// openLedger opens the tables of a ledger.
func openLedger(address string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(30000)")
	}
	return sql.Open("pgx", address)
}
