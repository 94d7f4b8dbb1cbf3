package zeotap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/vendorhttp"
)

const (
	// askedAgain is how often a request that was one too many is asked again. Who would
	// start over instead, with the first of several requests, might never come to the last.
	askedAgain = 4
	// untold is how long is waited when the endpoint does not say; longestWait is the
	// longest wait that is made here and not by the caller.
	untold      = time.Second
	longestWait = 10 * time.Second
)

// do sends one request within the connection's limits, and again when it was one too many.
func (a *api) do(ctx context.Context, request vendorhttp.Request) ([]byte, error) {
	for tries := 0; ; tries++ {
		body, err := a.doOnce(ctx, request)
		var failed *vendorhttp.Error
		if tries == askedAgain || !errors.As(err, &failed) || failed.Kind != vendorhttp.RateLimited || failed.RetryAfter > longestWait {
			return body, err
		}
		select {
		case <-time.After(max(failed.RetryAfter, untold)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (a *api) doOnce(ctx context.Context, request vendorhttp.Request) ([]byte, error) {
	if err := a.inFlight.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer a.inFlight.Release(1)
	if err := a.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// The slot would come after the deadline.
		return nil, fmt.Errorf("connection %s: %s: waiting for the rate limit: %w", a.name, request.Operation, context.DeadlineExceeded)
	}
	response, err := a.client.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}
