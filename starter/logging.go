package main

import (
	"go.uber.org/zap"

	"audiencesync/internal/telemetry"
)

// logger writes to stderr, for people.
func (a *app) logger(level string) (*zap.Logger, error) {
	logger, err := telemetry.NewLogger(a.stderr, level, "console")
	if err != nil {
		return nil, usage("%v", err)
	}
	return logger, nil
}

// quiet logs nothing.
func quiet() *zap.Logger { return zap.NewNop() }
