package hellocharles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// Budget is the request budget of one workspace, shared by all that talk to it.
type Budget interface {
	// Acquire waits for a place in flight and a send time of the workspace's
	// budget; release gives the place back. Its error is returned as it is.
	Acquire(ctx context.Context) (release func(), err error)
	// Told passes on that Hello Charles asked to wait.
	Told(ctx context.Context, delay time.Duration) error
}

// Limited returns api within a budget: an upsert takes its place when the
// request is ready, before the caller's before runs; a read takes one place,
// in which the few pages of a list follow each other.
func Limited(api API, budget Budget) API { return &limited{api: api, budget: budget} }

type limited struct {
	api    API
	budget Budget
}

// Upsert implements API.
func (l *limited) Upsert(
	ctx context.Context, contacts []audience.Contact, before func(context.Context) error,
) ([]Result, error) {
	turn := l.turn(before)
	defer turn.end()
	results, err := l.api.Upsert(withTagLister(ctx, l), contacts, turn.begin)
	return results, l.pass(ctx, err)
}

// UpsertOne implements API.
func (l *limited) UpsertOne(
	ctx context.Context, contact audience.Contact, before func(context.Context) error,
) (Result, error) {
	turn := l.turn(before)
	defer turn.end()
	result, err := l.api.UpsertOne(withTagLister(ctx, l), contact, turn.begin)
	return result, l.pass(ctx, err)
}

// Tags implements API.
func (l *limited) Tags(ctx context.Context) ([]Tag, error) {
	return read(ctx, l, l.api.Tags)
}

// Properties implements API.
func (l *limited) Properties(ctx context.Context) ([]Property, error) {
	return read(ctx, l, l.api.Properties)
}

// SegmentCount implements API.
func (l *limited) SegmentCount(ctx context.Context, segment string) (int64, error) {
	return read(ctx, l, func(ctx context.Context) (int64, error) { return l.api.SegmentCount(ctx, segment) })
}

func read[T any](ctx context.Context, l *limited, call func(context.Context) (T, error)) (T, error) {
	turn := l.turn(nil)
	defer turn.end()
	if err := turn.begin(ctx); err != nil {
		var none T
		return none, err
	}
	value, err := call(ctx)
	return value, l.pass(ctx, err)
}

// pass tells the budget of a delay that Hello Charles asked for, while the
// place is still held, so that whoever comes next knows of it.
func (l *limited) pass(ctx context.Context, err error) error {
	var failed *vendorhttp.Error
	if !errors.As(err, &failed) || failed.Kind != vendorhttp.RateLimited || failed.RetryAfter <= 0 {
		return err
	}
	if told := l.budget.Told(ctx, failed.RetryAfter); told != nil {
		return fmt.Errorf("%w; the delay did not reach the workspace's budget: %w", err, told)
	}
	return err
}

// turn is one place in the budget.
type turn struct {
	budget  Budget
	before  func(context.Context) error
	release func()
}

func (l *limited) turn(before func(context.Context) error) *turn {
	return &turn{budget: l.budget, before: before, release: func() {}}
}

func (t *turn) begin(ctx context.Context) error {
	release, err := t.budget.Acquire(ctx)
	if err != nil {
		return err
	}
	t.release = release
	if t.before == nil {
		return nil
	}
	return t.before(ctx)
}

func (t *turn) end() { t.release() }
