package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// PauseScheduleInput is the input of PauseSchedule.
type PauseScheduleInput struct {
	Sync     string `json:"sync"`
	Schedule string `json:"schedule"`
	// Note says why, for whoever looks at the schedule.
	Note string `json:"note"`
}

// PauseSchedule pauses a schedule. One that is gone needs no pause.
func (a *Activities) PauseSchedule(ctx context.Context, in PauseScheduleInput) error {
	defer keepAlive(ctx)()
	err := a.temporal.ScheduleClient().GetHandle(ctx, in.Schedule).Pause(ctx, client.SchedulePauseOptions{Note: in.Note})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	if err != nil {
		err = fmt.Errorf("pausing the schedule of sync %s: %w", in.Sync, err)
	}
	return fail(ctx, in.Sync, err)
}
