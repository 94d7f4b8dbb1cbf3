// Command audiencesync starts, schedules and watches audience syncs.
package main

import (
	"context"
	"os"
	"os/signal"

	"audiencesync/internal/host"
	"audiencesync/internal/telemetry"
)

func main() {
	telemetry.SilenceStandardLog()
	ctx, stop := signal.NotifyContext(context.Background(), host.StopSignals()...)
	code := (&app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}).run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
