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

// Names of the metrics. Both carry call, which is one of the words below, and
// result (ok, refused, a vendorhttp.Kind, canceled, other).
const (
	requestsMetric = "audiencesync.hello_charles.requests"
	durationMetric = "audiencesync.hello_charles.request.duration"
)

const (
	upsertCall         = "upsert"
	upsertOneCall      = "upsert_one"
	tagsCall           = "tags"
	propertiesCall     = "properties"
	segmentsCall       = "segments"
	segmentCountCall   = "segment_count"
	segmentMembersCall = "segment_members"
	contactCall        = "contact"
)

// Measured returns api with each of its requests counted and timed: a list takes
// several, and one that did not leave is none. Waiting for the budget is not
// timed, provided that the client is measured first and limited then:
// Limited(Measured(client)).
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

// Check implements API. It is no request.
func (m *measured) Check(ctx context.Context) error { return m.api.Check(ctx) }

// Upsert implements API.
func (m *measured) Upsert(
	ctx context.Context, contacts []audience.Contact, before func(context.Context) error,
) ([]Result, error) {
	var watch stopwatch
	results, err := m.api.Upsert(m.watching(ctx), contacts, watch.after(before))
	refused := slices.ContainsFunc(results, func(r Result) bool { return r.NotApplied }) ||
		len(results) == 1 && results[0].Outcome == audience.Refused
	m.record(ctx, upsertCall, watch, resultOf(err, refused))
	return results, err
}

// Render implements API.
func (m *measured) Render(ctx context.Context, contact audience.Contact) (Rendered, error) {
	return m.api.Render(m.watching(ctx), contact)
}

// UpsertOne implements API.
func (m *measured) UpsertOne(
	ctx context.Context, contact audience.Contact, before func(context.Context) error,
) (Result, error) {
	var watch stopwatch
	result, err := m.api.UpsertOne(m.watching(ctx), contact, watch.after(before))
	m.record(ctx, upsertOneCall, watch, resultOf(err, result.Outcome == audience.Refused))
	return result, err
}

// Tags implements API.
func (m *measured) Tags(ctx context.Context) ([]Tag, error) { return m.api.Tags(m.watching(ctx)) }

// Properties implements API.
func (m *measured) Properties(ctx context.Context) ([]Property, error) {
	return m.api.Properties(m.watching(ctx))
}

// Segments implements API.
func (m *measured) Segments(ctx context.Context) ([]Segment, error) {
	return m.api.Segments(m.watching(ctx))
}

// SegmentCount implements API.
func (m *measured) SegmentCount(ctx context.Context, segment string) (int64, error) {
	return m.api.SegmentCount(m.watching(ctx), segment)
}

// SegmentMembers implements API.
func (m *measured) SegmentMembers(
	ctx context.Context, segment string, visit func([]SegmentMember) error,
) (SegmentRead, error) {
	return m.api.SegmentMembers(m.watching(ctx), segment, visit)
}

// Contact implements API.
func (m *measured) Contact(ctx context.Context, reference string) (*Held, error) {
	return m.api.Contact(m.watching(ctx), reference)
}

type watchKey struct{}

// watching makes each request of a read be measured when it leaves, which is
// after the turn that it waits for.
func (m *measured) watching(ctx context.Context) context.Context {
	return context.WithValue(ctx, watchKey{}, m)
}

// watched makes one request of a read, and has it measured if somebody does.
// send calls what it is given when the request is about to leave.
func watched(ctx context.Context, call string, send func(leaves func(context.Context) error) error) error {
	m, ok := ctx.Value(watchKey{}).(*measured)
	if !ok {
		return send(nil)
	}
	var watch stopwatch
	err := send(watch.after(nil))
	m.record(ctx, call, watch, resultOf(err, false))
	return err
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
	case err == nil, errors.Is(err, ErrNoContact): // An answer like any other.
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
