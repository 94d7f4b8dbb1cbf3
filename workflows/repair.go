package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/audience"
)

// repairs reports whether another run is to follow at once: members were accepted and
// did not come into the segment, or leavers were unmarked and did not go. Closing the
// run has made them unknown in the ledger, so the next one sends exactly them, and what
// has changed meanwhile. What another segment than before does not show says nothing.
func (r *audienceSync) repairs(report *audience.Report) bool {
	found := report.Segment.Comparison
	return found != nil && !found.Moved && found.Late() > 0 && found.LastSeenIn == "" && report.Ended == "" &&
		r.in.Repairs < r.spec.Verification.Repair && !r.in.Retire && !r.sendsNothing()
}

// repair goes on as the next run of the sync, under the same workflow: nobody can
// come in between, and whoever waits for this one waits for that. A run that was
// cancelled meanwhile is not followed: then it returns nil.
func (r *audienceSync) repair(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil || ctx.Err() != nil {
		return nil
	}
	next := AudienceSyncInput{Spec: r.spec, Scheduled: r.in.Scheduled, Repairs: r.in.Repairs + 1}
	return workflow.NewContinueAsNewError(ctx, AudienceSync, next)
}
