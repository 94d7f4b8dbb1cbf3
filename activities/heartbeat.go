package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
)

// HeartbeatsPerTimeout is how many heartbeats must be lost before a worker counts as
// dead.
const HeartbeatsPerTimeout = 6

// defaultHeartbeatInterval is for activities without a heartbeat timeout.
const defaultHeartbeatInterval = 5 * time.Second

// heartbeatInterval is how often an activity tells the server that its worker is alive.
func heartbeatInterval(ctx context.Context) time.Duration {
	if timeout := activity.GetInfo(ctx).HeartbeatTimeout; timeout > 0 {
		return timeout / HeartbeatsPerTimeout
	}
	return defaultHeartbeatInterval
}

// keepAlive heartbeats in the background until stop is called. The details are
// empty, or how many contacts a long activity has worked through: the ledger is the truth.
func keepAlive(ctx context.Context) (stop func()) {
	return heartbeatWith(ctx, func() []any { return nil })
}

// keepAliveCounting is keepAlive for an activity that takes long: who watches the run
// sees by the count that it moves.
func keepAliveCounting(ctx context.Context, contacts *atomic.Int64) (stop func()) {
	return heartbeatWith(ctx, func() []any { return []any{contacts.Load()} })
}

func heartbeatWith(ctx context.Context, details func() []any) (stop func()) {
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(heartbeatInterval(ctx))
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx, details()...)
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		close(done)
		<-finished
	}
}

// errWorkerStopping gives an activity back to Temporal, for another worker.
var errWorkerStopping = errors.New("the worker is stopping; another one goes on")

// workerStops reports whether the worker has been told to stop: long
// activities then end at the next place from which another worker can go on.
func workerStops(ctx context.Context) bool {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}
