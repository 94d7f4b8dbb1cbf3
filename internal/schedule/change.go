package schedule

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// ErrExists is the error of creating a schedule that is there.
var ErrExists = errors.New("the sync has a schedule already")

// ErrMissing is the error of changing a schedule that is not there.
var ErrMissing = errors.New("the sync has no schedule")

// Create creates the schedule, and returns ErrExists if it is there.
func (w Wanted) Create(ctx context.Context, c client.Client) error {
	spec, err := w.spec()
	if err != nil {
		return err
	}
	policies := w.policies()
	_, err = c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: w.ID(), Spec: spec, Action: w.action(), Overlap: policies.Overlap, CatchupWindow: policies.CatchupWindow,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return ErrExists
	}
	return err
}

// Change makes the schedule on the server the one that is wanted, and returns
// ErrMissing if it is gone. A schedule that is paused stays paused, and a run that is
// going goes on with what it was started with.
func (f *Found) Change(ctx context.Context, w Wanted) error {
	spec, err := w.spec()
	if err != nil {
		return err
	}
	policies := w.policies()
	err = f.handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		after := in.Description.Schedule
		after.Spec, after.Policy, after.Action = &spec, &policies, w.action()
		return &client.ScheduleUpdate{Schedule: &after}, nil
	}})
	if err != nil {
		return orMissing(err)
	}
	return orMissing(f.read(ctx))
}

// Delete deletes the schedule of a sync, whatever it starts, and returns ErrMissing if
// there is none. A run that is going goes on.
func Delete(ctx context.Context, c client.Client, sync string, kind Kind) error {
	return orMissing(c.ScheduleClient().GetHandle(ctx, kind.ID(sync)).Delete(ctx))
}

// Pause lets the schedule start nothing by itself; the note says who wants it, and why.
func (f *Found) Pause(ctx context.Context, note string) error {
	if err := f.handle.Pause(ctx, client.SchedulePauseOptions{Note: note}); err != nil {
		return orMissing(err)
	}
	return orMissing(f.read(ctx))
}

// Resume ends a pause.
func (f *Found) Resume(ctx context.Context, note string) error {
	if err := f.handle.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}); err != nil {
		return orMissing(err)
	}
	return orMissing(f.read(ctx))
}

// Trigger lets the schedule act now, also when it is paused.
func (f *Found) Trigger(ctx context.Context) error {
	return orMissing(f.handle.Trigger(ctx, client.ScheduleTriggerOptions{}))
}

func orMissing(err error) error {
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return ErrMissing
	}
	return err
}
