// Package telemetry is how a process of audiencesync is watched: logs, metrics,
// health.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"

	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns a logger that writes to w. format is "json" or "console";
// level is debug, info, warn or error.
func NewLogger(w io.Writer, level, format string) (*zap.Logger, error) {
	parsed, err := zapcore.ParseLevel(level)
	if err != nil || parsed > zapcore.ErrorLevel {
		return nil, fmt.Errorf("log level %q: write debug, info, warn or error", level)
	}
	settings := zap.NewProductionEncoderConfig()
	settings.EncodeTime = zapcore.ISO8601TimeEncoder
	var encoder zapcore.Encoder
	switch format {
	case "json":
		encoder = zapcore.NewJSONEncoder(settings)
	case "console":
		settings.EncodeLevel = zapcore.CapitalLevelEncoder
		settings.EncodeCaller = nil
		encoder = zapcore.NewConsoleEncoder(settings)
	default:
		return nil, fmt.Errorf("log format %q: write json or console", format)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), parsed), zap.AddCaller()), nil
}

// TemporalLogger hands the logger to Temporal's SDK. Errors of the SDK come
// without stack traces: they would hide the message.
func TemporalLogger(logger *zap.Logger) log.Logger {
	handler := zapslog.NewHandler(logger.Core(), zapslog.WithCaller(true), zapslog.AddStacktraceAt(slog.LevelError+1))
	return log.NewStructuredLogger(slog.New(handler))
}
