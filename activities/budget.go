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

// budgetWait says that the next send time of the workspace is far away.
type budgetWait struct {
	workspace string
	delay     time.Duration
}

func (e *budgetWait) Error() string {
	return fmt.Sprintf("waiting %s for the request budget of the workspace", e.delay.Round(time.Second))
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

// Acquire takes a place in flight, then a send time, waits for it, and looks
// again whether a told delay has come in meanwhile.
func (b *budget) Acquire(ctx context.Context) (release func(), err error) {
	select {
	case b.inFlight <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = func() { <-b.inFlight }
	for {
		wait, reserved, err := b.ledger.Reserve(ctx, b.workspace, b.interval, slotHorizon)
		if err == nil && !reserved {
			err = &budgetWait{workspace: b.workspace, delay: wait}
		}
		if err == nil {
			err = sleep(ctx, wait)
		}
		var held time.Duration
		if err == nil {
			held, err = b.ledger.Held(ctx, b.workspace)
		}
		if err != nil {
			release()
			return nil, err
		}
		if held == 0 {
			return release, nil
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
