package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/audience"
)

// mayCancel refuses a cancellation that would come too late. The same order again is
// no error.
func (r *audienceSync) mayCancel(in Steer) error {
	if r.ending && r.cancelled == nil {
		return fmt.Errorf("sync %s: the run is at its end, there is nothing to cancel", r.spec.Sync)
	}
	return r.maySteer(in)
}

// cancel ends the run as a cancellation from outside does, and keeps who wanted it.
func (r *audienceSync) cancel(ctx workflow.Context, in Steer) {
	if r.cancelled != nil {
		return
	}
	in.Hold = ""
	r.cancelled = r.record(ctx, audience.Cancel, in)
	r.progress.Paused = nil // It ends, and waits for nobody.
	r.cancelAll()
}

// whoCancelled is empty for a run that was cancelled from outside: Temporal's history
// alone says by whom.
func (r *audienceSync) whoCancelled() string {
	if r.cancelled == nil {
		return ""
	}
	return "cancelled by " + r.cancelled.By + reason(r.cancelled.Why)
}
