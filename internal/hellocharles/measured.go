package hellocharles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// Names of the metrics. Both carry call (upsert, upsert_one, tags, properties,
// segment_count, contact) and result (ok, refused, a vendorhttp.Kind, canceled, other).
const (
	requestsMetric = "audiencesync.hello_charles.requests"
	durationMetric = "audiencesync.hello_charles.request.duration"
)

// Measured returns api with its calls counted and timed. An upsert that did not
// leave is not counted; waiting for the budget is not timed, provided that
// the client is measured first and limited then: Limited(Measured(client)).
func Measured(api API, meter metric.Meter) (API, error) {
	requests, err := meter.Int64Counter(requestsMetric,
		metric.WithDescription("Requests to Hello Charles, by call and result."), metric.WithUnit("{request}"))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", requestsMetric, err)
	}
	duration, err := meter.Float64Histogram(durationMetric,
		metric.WithDescription("Time from sending a request to Hello Charles to the end of its answer."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", durationMetric, err)
	}
	return &measured{api: api, requests: requests, duration: duration}, nil
}

type measured struct {
	api      API
	requests metric.Int64Counter
	duration metric.Float64Histogram
}

// Upsert implements API.
func (m *measured) Upsert(
	ctx context.Context, contacts []audience.Contact, before func(context.Context) error,
) ([]Result, error) {
	var watch stopwatch
	results, err := m.api.Upsert(ctx, contacts, watch.after(before))
	refused := slices.ContainsFunc(results, func(r Result) bool { return r.NotApplied }) ||
		len(results) == 1 && results[0].Outcome == audience.Refused
	m.record(ctx, "upsert", watch, resultOf(err, refused))
	return results, err
}

// Render implements API.
func (m *measured) Render(ctx context.Context, contact audience.Contact) (Rendered, error) {
	return m.api.Render(ctx, contact)
}

// UpsertOne implements API.
func (m *measured) UpsertOne(
	ctx context.Context, contact audience.Contact, before func(context.Context) error,
) (Result, error) {
	var watch stopwatch
	result, err := m.api.UpsertOne(ctx, contact, watch.after(before))
	m.record(ctx, "upsert_one", watch, resultOf(err, result.Outcome == audience.Refused))
	return result, err
}

// Tags implements API.
func (m *measured) Tags(ctx context.Context) ([]Tag, error) {
	watch := stopwatch{start: time.Now()}
	tags, err := m.api.Tags(ctx)
	m.record(ctx, "tags", watch, resultOf(err, false))
	return tags, err
}

// Properties implements API.
func (m *measured) Properties(ctx context.Context) ([]Property, error) {
	watch := stopwatch{start: time.Now()}
	properties, err := m.api.Properties(ctx)
	m.record(ctx, "properties", watch, resultOf(err, false))
	return properties, err
}

// SegmentCount implements API.
func (m *measured) SegmentCount(ctx context.Context, segment string) (int64, error) {
	watch := stopwatch{start: time.Now()}
	count, err := m.api.SegmentCount(ctx, segment)
	m.record(ctx, "segment_count", watch, resultOf(err, false))
	return count, err
}

// Contact implements API. A contact that is not there is an answer like any other.
func (m *measured) Contact(ctx context.Context, reference string) (*Held, error) {
	watch := stopwatch{start: time.Now()}
	held, err := m.api.Contact(ctx, reference)
	switch {
	case errors.Is(err, ErrCannotRead): // Nothing was asked.
	case errors.Is(err, ErrNoContact):
		m.record(ctx, "contact", watch, resultOf(nil, false))
	default:
		m.record(ctx, "contact", watch, resultOf(err, false))
	}
	return held, err
}

func (m *measured) record(ctx context.Context, call string, watch stopwatch, result string) {
	if watch.start.IsZero() {
		return
	}
	attributes := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("call", call), attribute.String("result", result)))
	m.requests.Add(ctx, 1, attributes)
	m.duration.Record(ctx, time.Since(watch.start).Seconds(), attributes)
}

// resultOf names a result by a word of a small fixed set.
func resultOf(err error, refused bool) string {
	var failed *vendorhttp.Error
	switch {
	case err == nil && refused:
		return "refused"
	case err == nil:
		return "ok"
	case errors.As(err, &failed):
		return string(failed.Kind)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "canceled"
	default:
		return "other"
	}
}

// stopwatch starts when a request leaves.
type stopwatch struct{ start time.Time }

func (w *stopwatch) after(before func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if before != nil {
			if err := before(ctx); err != nil {
				return err
			}
		}
		w.start = time.Now()
		return nil
	}
}
