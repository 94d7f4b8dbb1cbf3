package hellocharles

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// Budget is the request budget of one workspace, shared by all that talk to it.
type Budget interface {
	// Acquire waits for a place in flight and a send time of the workspace's
	// budget. before, if given, runs once when that time is near: what it records
	// may then still be held back. release gives the place back. The errors of
	// before, and its own, are returned as they are.
	Acquire(ctx context.Context, before func(context.Context) error) (release func(), err error)
	// Refused passes on that Hello Charles had one request too many: it asked to
	// wait, or, with no delay, did not say how long. age is how long ago that
	// request left.
	Refused(ctx context.Context, delay, age time.Duration) error
}

// Limited returns api within a budget: an upsert takes its place when the
// request is ready, and leaves right after; so does each request of a read.
func Limited(api API, budget Budget) API { return &limited{api: api, budget: budget} }

type limited struct {
	api    API
	budget Budget
}

// Check implements API.
func (l *limited) Check(ctx context.Context) error { return l.api.Check(ctx) }

// Upsert implements API.
func (l *limited) Upsert(
	ctx context.Context, contacts []audience.Contact, before func(context.Context) error,
) ([]Result, error) {
	turn := l.turn(before)
	defer turn.end()
	results, err := l.api.Upsert(withTagLister(ctx, l), contacts, turn.begin)
	return results, turn.pass(ctx, err)
}

// UpsertOne implements API.
func (l *limited) UpsertOne(
	ctx context.Context, contact audience.Contact, before func(context.Context) error,
) (Result, error) {
	turn := l.turn(before)
	defer turn.end()
	result, err := l.api.UpsertOne(withTagLister(ctx, l), contact, turn.begin)
	return result, turn.pass(ctx, err)
}

// Render implements API.
func (l *limited) Render(ctx context.Context, contact audience.Contact) (Rendered, error) {
	return l.api.Render(withTagLister(ctx, l), contact)
}

// Tags implements API.
func (l *limited) Tags(ctx context.Context) ([]Tag, error) {
	return l.api.Tags(withPacer(ctx, l.pace))
}

// Properties implements API.
func (l *limited) Properties(ctx context.Context) ([]Property, error) {
	return l.api.Properties(withPacer(ctx, l.pace))
}

// Segments implements API.
func (l *limited) Segments(ctx context.Context) ([]Segment, error) {
	return l.api.Segments(withPacer(ctx, l.pace))
}

// SegmentCount implements API.
func (l *limited) SegmentCount(ctx context.Context, segment string) (count int64, err error) {
	return l.api.SegmentCount(withPacer(ctx, l.pace), segment)
}

// SegmentMembers implements API.
func (l *limited) SegmentMembers(
	ctx context.Context, segment string, visit func([]SegmentMember) error,
) (SegmentRead, error) {
	return l.api.SegmentMembers(withPacer(ctx, l.pace), segment, visit)
}

// Contact implements API.
func (l *limited) Contact(ctx context.Context, reference string) (*Held, error) {
	return l.api.Contact(withPacer(ctx, l.pace), reference)
}

// tooMany reports whether a failed request was one too many: 429, or 503, with
// or without a delay.
func tooMany(err error) (delay time.Duration, yes bool) {
	var failed *vendorhttp.Error
	if !errors.As(err, &failed) {
		return 0, false
	}
	return failed.RetryAfter, failed.Kind == vendorhttp.RateLimited || failed.Status == http.StatusServiceUnavailable
}

// turn is one place in the budget.
type turn struct {
	budget  Budget
	before  func(context.Context) error
	release func()
	left    time.Time
}

func (l *limited) turn(before func(context.Context) error) *turn {
	return &turn{budget: l.budget, before: before, release: func() {}}
}

// begin waits for the turn. The request leaves when it returns.
func (t *turn) begin(ctx context.Context) error {
	release, err := t.budget.Acquire(ctx, t.before)
	if err != nil {
		return err
	}
	t.release, t.left = release, time.Now()
	return nil
}

// pass tells the budget when a request was one too many, while the place is
// still held, so that whoever comes next knows of it.
func (t *turn) pass(ctx context.Context, err error) error {
	delay, yes := tooMany(err)
	if !yes || t.left.IsZero() {
		return err
	}
	if unheard := t.budget.Refused(ctx, delay, time.Since(t.left)); unheard != nil {
		return fmt.Errorf("%w; this did not reach the workspace's budget: %w", err, unheard)
	}
	return err
}

func (t *turn) end() { t.release() }
