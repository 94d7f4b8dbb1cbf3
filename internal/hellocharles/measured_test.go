package hellocharles_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
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

	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	counts, times := map[string]int64{}, map[string]int64{}
	for _, m := range collected.ScopeMetrics[0].Metrics {
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
	require.Equal(t, map[string]int64{
		"upsert rate_limited":      2,
		"upsert_one refused":       1,
		"tags ok":                  1,
		"properties ok":            1,
		"segment_count unreadable": 1,
		"segment_count canceled":   1,
		"contact ok":               1,
	}, counts)
	require.Equal(t, counts, times)
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
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if requests, ok := m.Data.(metricdata.Sum[int64]); ok {
			require.Len(t, requests.DataPoints, 1, "what is not asked is not counted")
			require.Equal(t, "upsert refused", name(t, requests.DataPoints[0].Attributes))
		}
	}
}
