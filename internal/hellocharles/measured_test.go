package hellocharles_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func TestRequestsAreCountedAndTimedByCallAndResult(t *testing.T) {
	t.Parallel()
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			answer(429, "")(w, r)
		case http.MethodPut:
			answer(422, "")(w, r)
		case http.MethodHead:
			answer(204, "")(w, r)
		default:
			answer(200, `{"data":[]}`)(w, r)
		}
	}, replying(config.RepliesNone), readable)
	reader := metric.NewManualReader()
	meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	api, err := hellocharles.Measured(w.api, meter)
	require.NoError(t, err)

	_, _ = api.Upsert(t.Context(), contacts(2), nil)
	_, _ = api.Upsert(t.Context(), contacts(1), nil)
	_, _ = api.UpsertOne(t.Context(), contact(plantedReference), func(context.Context) error { return nil })
	_, _ = api.UpsertOne(t.Context(), contact(plantedReference), func(context.Context) error { return errors.New("not sent") })
	_, _ = api.Tags(t.Context())
	_, _ = api.Properties(t.Context())
	_, _ = api.SegmentCount(t.Context(), "s")
	_, err = api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrNoContact)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = api.SegmentCount(ended, "s")

	counts := measurements(t, reader)
	require.Equal(t, map[string]int64{
		"upsert rate_limited":      2,
		"upsert_one refused":       1,
		"tags ok":                  1,
		"properties ok":            1,
		"segment_count unreadable": 1,
		"segment_count canceled":   1,
		"contact ok":               1,
	}, counts)
}

// measurements returns how many requests were counted, and timed, by call and
// result.
func measurements(t *testing.T, reader metric.Reader) map[string]int64 {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	counts, times := map[string]int64{}, map[string]int64{}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				require.Equal(t, "audiencesync.hello_charles.requests", m.Name)
				for _, point := range data.DataPoints {
					counts[name(t, point.Attributes)] = point.Value
				}
			case metricdata.Histogram[float64]:
				require.Equal(t, "audiencesync.hello_charles.request.duration", m.Name)
				for _, point := range data.DataPoints {
					times[name(t, point.Attributes)] = int64(point.Count)
				}
			}
		}
	}
	require.Equal(t, counts, times)
	return counts
}

// measure returns an API that is measured first and limited then, as the worker
// has it.
func (b *onePlace) measure(t *testing.T, handler http.HandlerFunc, change ...func(*config.HelloCharles)) (hellocharles.API, *metric.ManualReader) {
	t.Helper()
	reader := metric.NewManualReader()
	api, err := hellocharles.Measured(serve(t, handler, change...).api, metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	require.NoError(t, err)
	return hellocharles.Limited(api, b), reader
}

func TestEachRequestOfAListIsMeasuredAndWhatDidNotLeaveIsNone(t *testing.T) {
	t.Parallel()
	budget := newOnePlace()
	asked := 0
	api, reader := budget.measure(t, func(w http.ResponseWriter, r *http.Request) {
		switch asked++; asked {
		case 1, 3:
			later(429, "1")(w, r)
		case 2:
			answer(200, `{"data":[{"id":"t1","label":"VIP","object":"person"}]}`)(w, r)
		case 4:
			answer(200, `{"data":[]}`)(w, r)
		default:
			answer(200, `{"data":`)(w, r)
		}
	}, byID)
	_, err := api.Upsert(t.Context(), []audience.Contact{{Reference: "a", Tags: []string{"VIP"}}}, nil)
	failed(t, err, vendorhttp.Unreadable)
	_, err = api.Properties(t.Context())
	failed(t, err, vendorhttp.Unreadable)

	budget.noPlace = errors.New("come back later")
	_, err = api.Tags(t.Context())
	require.ErrorIs(t, err, budget.noPlace)
	_, err = api.SegmentCount(t.Context(), "s")
	require.ErrorIs(t, err, budget.noPlace)
	_, err = api.UpsertOne(t.Context(), contact("a"), nil)
	require.ErrorIs(t, err, budget.noPlace)

	require.Equal(t, map[string]int64{
		"tags rate_limited": 2, "tags ok": 2, "upsert unreadable": 1, "properties unreadable": 1,
	}, measurements(t, reader))
}

// slow is a budget that lets nobody leave at once.
type slow struct {
	*onePlace
	wait time.Duration
	left time.Time
}

func (s *slow) Acquire(ctx context.Context, before func(context.Context) error) (func(), error) {
	<-time.After(s.wait)
	s.left = time.Now()
	return s.onePlace.Acquire(ctx, before)
}

func TestWaitingForTheBudgetIsNotTimed(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	w := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Resource-Count", "1") })
	api, err := hellocharles.Measured(w.api, metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	require.NoError(t, err)
	budget := &slow{onePlace: newOnePlace(), wait: 300 * time.Millisecond}
	_, err = hellocharles.Limited(api, budget).SegmentCount(t.Context(), "s")
	require.NoError(t, err)
	sinceItLeft := time.Since(budget.left)

	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if durations, ok := m.Data.(metricdata.Histogram[float64]); ok {
			require.Len(t, durations.DataPoints, 1)
			require.LessOrEqual(t, durations.DataPoints[0].Sum, sinceItLeft.Seconds())
		}
	}
}

func name(t *testing.T, attributes attribute.Set) string {
	t.Helper()
	require.Equal(t, 2, attributes.Len())
	call, _ := attributes.Value("call")
	result, _ := attributes.Value("result")
	return call.AsString() + " " + result.AsString()
}

func TestBatchRefusedBecauseOfSomeCountsAsRefused(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(422, `{"errors":[{"external_reference_id":"r1"}]}`))
	reader := metric.NewManualReader()
	api, err := hellocharles.Measured(w.api, metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	require.NoError(t, err)
	_, err = api.Upsert(t.Context(), contacts(2), nil)
	require.NoError(t, err)
	_, err = api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrCannotRead)
	require.Equal(t, map[string]int64{"upsert refused": 1}, measurements(t, reader), "what is not asked is not counted")
}
