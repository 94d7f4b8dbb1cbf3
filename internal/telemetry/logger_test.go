package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"

	"audiencesync/internal/telemetry"
)

// newLogger returns a logger and what it writes.
func newLogger(t *testing.T, level, format string) (*zap.Logger, *bytes.Buffer) {
	t.Helper()
	var written bytes.Buffer
	logger, err := telemetry.NewLogger(&written, level, format)
	require.NoError(t, err)
	return logger, &written
}

// entry decodes the one line that was written.
func entry(t *testing.T, written *bytes.Buffer) map[string]any {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(written.Bytes(), &fields), written.String())
	return fields
}

func TestALineOfJSONHasLevelMessageTimeCallerAndFields(t *testing.T) {
	t.Parallel()
	logger, written := newLogger(t, "info", "json")
	logger.Info("worker starts", zap.String("sync", "demo"), zap.Int("batches", 3))
	fields := entry(t, written)
	require.Equal(t, "info", fields["level"])
	require.Equal(t, "worker starts", fields["msg"])
	require.Equal(t, "demo", fields["sync"])
	require.InDelta(t, 3, fields["batches"], 0)
	require.Contains(t, fields["caller"], "telemetry/logger_test.go:")
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}`, fields["ts"])
}

func TestALineForPeopleHasNoCaller(t *testing.T) {
	t.Parallel()
	logger, written := newLogger(t, "info", "console")
	logger.Warn("not ready", zap.String("sync", "demo"))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\S+\tWARN\tnot ready\t\{"sync": "demo"\}\n$`, written.String())
}

func TestOnlyTheLevelAndWhatIsAboveItIsWritten(t *testing.T) {
	t.Parallel()
	for level, lines := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1, "ERROR": 1} {
		logger, written := newLogger(t, level, "json")
		logger.Debug("d")
		logger.Info("i")
		logger.Warn("w")
		logger.Error("e")
		require.Equal(t, lines, bytes.Count(written.Bytes(), []byte("\n")), level)
	}
}

func TestOtherLevelsAndFormatsAreRefusedWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"verbose", "fatal", "panic", "dpanic"} {
		_, err := telemetry.NewLogger(&bytes.Buffer{}, level, "json")
		require.EqualError(t, err, `log level "`+level+`": write debug, info, warn or error`)
	}
	_, err := telemetry.NewLogger(&bytes.Buffer{}, "info", "text")
	require.EqualError(t, err, `log format "text": write json or console`)
}

func TestTheSDKWritesToTheSameLog(t *testing.T) {
	t.Parallel()
	logger, written := newLogger(t, "info", "json")
	sdk := telemetry.TemporalLogger(logger)
	sdk.Debug("not written")
	sdk = log.With(sdk, "Namespace", "default")
	sdk.Info("Started Worker", "TaskQueue", "audiencesync", "Attempt", 2)
	fields := entry(t, written)
	require.Equal(t, "info", fields["level"])
	require.Equal(t, "Started Worker", fields["msg"])
	require.Equal(t, "default", fields["Namespace"])
	require.Equal(t, "audiencesync", fields["TaskQueue"])
	require.InDelta(t, 2, fields["Attempt"], 0)
	require.Contains(t, fields["caller"], "telemetry/logger_test.go:", "the caller is who logs, not the adapter")
}

func TestAnErrorOfTheSDKIsOneLineWithoutAStackTrace(t *testing.T) {
	t.Parallel()
	logger, written := newLogger(t, "info", "json")
	telemetry.TemporalLogger(logger).Error("Activity error", "Error", errors.New("cannot be reached"))
	fields := entry(t, written)
	require.Equal(t, "error", fields["level"])
	require.Equal(t, "cannot be reached", fields["Error"])
	require.NotContains(t, fields, "stacktrace")
}
