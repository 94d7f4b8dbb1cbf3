package activities

import (
	"context"
	"fmt"
	"time"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

// slotHorizon is how far ahead a send time is reserved and waited for inside
// an activity. A longer wait gives the activity back to Temporal.
const slotHorizon = 10 * time.Second

// budgetWaitError says that the next send time of the workspace is far away.
type budgetWaitError struct {
	workspace string
	delay     time.Duration
}

func (e *budgetWaitError) Error() string {
	return fmt.Sprintf("waiting %s for the request budget of the workspace %s", e.delay.Round(time.Second), e.workspace)
}

// budget is the request budget of one workspace: a bound on requests in flight
// of this worker, and send times that all workers share through the ledger.
type budget struct {
	ledger    *ledger.Ledger
	workspace string
	interval  time.Duration
	inFlight  chan struct{}
}

func newBudget(l *ledger.Ledger, workspace string, limits config.Limits) *budget {
	return &budget{
		ledger:    l,
		workspace: workspace,
		interval:  time.Duration(float64(time.Second) / limits.RequestsPerSecond),
		inFlight:  make(chan struct{}, limits.RequestsInFlight),
	}
}

// Acquire takes a place in flight, then a send time, and waits for it. The
// place is the caller's until release is called, once.
func (b *budget) Acquire(ctx context.Context) (release func(), err error) {
	select {
	case b.inFlight <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = func() { <-b.inFlight }
	if err := b.awaitSendTime(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// awaitSendTime takes send times until one passes without a told delay having
// come in meanwhile.
func (b *budget) awaitSendTime(ctx context.Context) error {
	for {
		wait, reserved, err := b.ledger.Reserve(ctx, b.workspace, b.interval, slotHorizon)
		switch {
		case err != nil:
			return err
		case !reserved:
			return &budgetWaitError{workspace: b.workspace, delay: wait}
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		held, err := b.ledger.Held(ctx, b.workspace)
		if err != nil || held == 0 {
			return err
		}
	}
}

// Told moves the budget of all workers.
func (b *budget) Told(ctx context.Context, delay time.Duration) error {
	return b.ledger.Told(ctx, b.workspace, delay)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
