package hellocharles

import (
	"context"
	"errors"

	"audiencesync/internal/vendorhttp"
)

// pacer lets one request of a read leave in its turn.
type pacer func(ctx context.Context, ask func(context.Context) error) error

type pacerKey struct{}

// withPacer makes every page of a list take a turn of its own.
func withPacer(ctx context.Context, p pacer) context.Context {
	return context.WithValue(ctx, pacerKey{}, p)
}

// paced asks in a turn, if there are turns.
func paced(ctx context.Context, ask func(context.Context) error) error {
	if p, ok := ctx.Value(pacerKey{}).(pacer); ok {
		return p(ctx, ask)
	}
	return ask(ctx)
}

// askedAgain is how often a read that was one request too many is asked again
// in the next turns. Who would start over instead, with the first page of the
// first list, might never come to the last.
const askedAgain = 8

// pace asks in a turn of the budget.
func (l *limited) pace(ctx context.Context, ask func(context.Context) error) error {
	for tries := 0; ; tries++ {
		err := l.inTurn(ctx, ask)
		var failed *vendorhttp.Error
		if tries == askedAgain || !errors.As(err, &failed) || failed.Kind != vendorhttp.RateLimited {
			return err
		}
	}
}

func (l *limited) inTurn(ctx context.Context, ask func(context.Context) error) error {
	turn := l.turn(nil)
	defer turn.end()
	if err := turn.begin(ctx); err != nil {
		return err
	}
	return turn.pass(ctx, ask(ctx))
}
