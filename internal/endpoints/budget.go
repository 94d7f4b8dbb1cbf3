package endpoints

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

const (
	// slotHorizon is how far ahead a send time is reserved and waited for inside
	// an activity. A longer wait gives the activity back to Temporal.
	slotHorizon = 10 * time.Second
	// markAhead is how long before its send time a request is recorded as sent:
	// longer than that write takes, so that the request is not late for it.
	markAhead = time.Second
	// mostLate is how long after its send time a request still leaves. After a
	// longer standstill of the worker its requests would all leave at once.
	mostLate = 500 * time.Millisecond
	// lookAgain is how often who waits for a send time looks whether it still holds.
	lookAgain = time.Second
)

// BudgetWaitError says that the next send time of a workspace is far away: come
// back after the delay.
type BudgetWaitError struct {
	Workspace string
	Delay     time.Duration
	// Told says that Hello Charles has asked for the delay.
	Told bool
}

// Error implements error.
func (e *BudgetWaitError) Error() string {
	if e.Told {
		return fmt.Sprintf("Hello Charles has asked to wait, for another %s (workspace %s)", e.Delay.Round(time.Second), e.Workspace)
	}
	return fmt.Sprintf("waiting %s for the request budget of the workspace %s", e.Delay.Round(time.Second), e.Workspace)
}

// budget is the request budget of one workspace: a bound on requests in flight
// of this worker, and send times that all workers share through the ledger. What a
// person has set in the ledger wins over the limits of the connection; it is learned
// with each send time.
type budget struct {
	ledger    *ledger.Ledger
	workspace string
	limits    config.Limits
	inFlight  *places
	// telling is held while the ledger learns of a refusal, so that no request of
	// this worker leaves that the refusal would have held back.
	telling sync.RWMutex
}

func newBudget(l *ledger.Ledger, workspace string, limits config.Limits) *budget {
	return &budget{
		ledger:    l,
		workspace: workspace,
		limits:    limits,
		inFlight:  newPlaces(limits.RequestsInFlight),
	}
}

// interval is between two requests at the connection's limits.
func (b *budget) interval() time.Duration {
	return time.Duration(float64(time.Second) / b.limits.RequestsPerSecond)
}

// Acquire takes a place in flight, then a send time, and waits for it; before,
// if given, runs shortly before that time, once. The place is the caller's
// until release is called, once.
func (b *budget) Acquire(ctx context.Context, before func(context.Context) error) (release func(), err error) {
	if err := b.takePlace(ctx); err != nil {
		return nil, err
	}
	if err := b.awaitSendTime(ctx, before); err != nil {
		b.inFlight.giveBack()
		return nil, err
	}
	return b.inFlight.giveBack, nil
}

// takePlace takes a place in flight. How many there are is asked when one is there, so
// that fewer are heeded by the next request, and more by the one after.
func (b *budget) takePlace(ctx context.Context) error {
	for {
		if err := b.inFlight.take(ctx); err != nil {
			return err
		}
		set, err := b.ledger.InFlight(ctx, b.workspace)
		if err != nil {
			b.inFlight.giveBack()
			return err
		}
		b.inFlight.resize(cmp.Or(set, b.limits.RequestsInFlight))
		if !b.inFlight.tooMany() {
			return nil
		}
		b.inFlight.giveBack()
	}
}

// awaitSendTime takes send times until one comes that was not made void, and
// not missed, while it was waited for. That is asked last, after before has run:
// what before records as sent may then still be held back, which does no harm,
// while a request that left in a told delay would.
func (b *budget) awaitSendTime(ctx context.Context, before func(context.Context) error) error {
	for {
		sendTime, reserved, err := b.ledger.Reserve(ctx, b.workspace, b.interval(), slotHorizon)
		switch {
		case err != nil:
			return err
		case !reserved:
			return b.farAway(ctx, sendTime.Wait)
		}
		at := time.Now().Add(sendTime.Wait)
		if before != nil {
			valid, err := b.await(ctx, sendTime, at.Add(-markAhead))
			if err != nil {
				return err
			}
			if !valid {
				continue
			}
			if err := before(ctx); err != nil {
				return err
			}
			before = nil
		}
		valid, err := b.await(ctx, sendTime, at)
		if err != nil || valid && time.Since(at) < mostLate {
			return err
		}
	}
}

// farAway says why the next send time is so far away.
func (b *budget) farAway(ctx context.Context, delay time.Duration) error {
	state, err := b.ledger.Budget(ctx, b.workspace)
	if err != nil {
		return err
	}
	return &BudgetWaitError{Workspace: b.workspace, Delay: delay, Told: state.ToldUntil > 0}
}

// await waits until a moment and reports whether the send time still holds. One that
// became void is not waited for to its end: there may be an earlier one.
func (b *budget) await(ctx context.Context, sendTime ledger.SendTime, until time.Time) (valid bool, err error) {
	for {
		rest := time.Until(until)
		if err := sleep(ctx, min(rest, lookAgain)); err != nil {
			return false, err
		}
		if valid, err := b.holds(ctx, sendTime); rest <= lookAgain || !valid || err != nil {
			return valid, err
		}
	}
}

// holds reports whether a send time still holds.
func (b *budget) holds(ctx context.Context, sendTime ledger.SendTime) (bool, error) {
	b.telling.RLock()
	defer b.telling.RUnlock()
	return b.ledger.Valid(ctx, b.workspace, sendTime)
}

// Refused moves the budget of all workers: by the delay that was asked for, or
// else by a cut of the rate.
func (b *budget) Refused(ctx context.Context, delay, age time.Duration) error {
	b.telling.Lock()
	defer b.telling.Unlock()
	if delay > 0 {
		return b.ledger.Told(ctx, b.workspace, delay)
	}
	return b.ledger.Cut(ctx, b.workspace, age)
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
