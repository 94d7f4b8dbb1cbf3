package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
)

// HeartbeatInterval is how often an activity tells the server that its worker
// is alive. The details are empty, or how many contacts a long activity has worked
// through: the ledger is the truth.
const HeartbeatInterval = 5 * time.Second

// keepAlive heartbeats in the background until stop is called.
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
		ticker := time.NewTicker(HeartbeatInterval)
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
