package host

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"audiencesync/internal/ledger"
)

// lastGoodMetric is when the last good run of each sync ended. All workers of a ledger
// say the same, whichever of them made the run.
const lastGoodMetric = "audiencesync.last_good_run.timestamp"

// observeLastGood serves the metric until stop is called.
func observeLastGood(meter metric.Meter, book *ledger.Ledger, logger *zap.Logger) (stop func() error, err error) {
	gauge, err := meter.Float64ObservableGauge(lastGoodMetric,
		metric.WithDescription("When the last good run of a sync ended, in seconds since 1970."), metric.WithUnit("s"))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", lastGoodMetric, err)
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, observer metric.Observer) error {
		last, err := book.LastGood(ctx)
		if err != nil {
			logger.Warn("the last good runs are not in the metrics", zap.Error(err))
		}
		for sync, at := range last {
			observer.ObserveFloat64(gauge, float64(at.UnixMilli())/1000, metric.WithAttributes(attribute.String("sync", sync)))
		}
		return nil // The other metrics are served all the same.
	}, gauge)
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", lastGoodMetric, err)
	}
	return registration.Unregister, nil
}
