package preflight

import (
	"context"
	"errors"
	"time"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// An answer that makes no sense settles something for good, so it must come again: a
// gateway may have given it, or a connection may have cut it.
const (
	triesOfNonsense = 3
	untilAskedAgain = time.Second
)

// askAgain asks, and again while the answer makes no sense.
func askAgain(ctx context.Context, ask func() error) error {
	for tries := 1; ; tries++ {
		err := ask()
		if tries == triesOfNonsense || !isNonsense(err) {
			return err
		}
		select {
		case <-time.After(untilAskedAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func isNonsense(err error) bool {
	if source, ok := errors.AsType[*zeotap.Error](err); ok {
		return source.Kind == zeotap.BrokenData
	}
	vendor, ok := errors.AsType[*vendorhttp.Error](err)
	return ok && vendor.Kind == vendorhttp.Unreadable
}
