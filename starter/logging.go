package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"audiencesync/internal/telemetry"
)

// logger writes to stderr, for people. Who wants quiet gets errors only.
func (a *app) logger(level string) (*zap.Logger, error) {
	logger, err := telemetry.NewLogger(a.stderr, level, "console")
	if err != nil {
		return nil, usage("%v", err)
	}
	if a.quiet {
		logger = logger.WithOptions(zap.IncreaseLevel(zapcore.ErrorLevel))
	}
	return logger, nil
}

// quiet logs nothing.
func quiet() *zap.Logger { return zap.NewNop() }
