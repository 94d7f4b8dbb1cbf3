// Command audiencesync starts, schedules and watches audience syncs.
package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/term"

	"audiencesync/internal/host"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), host.StopSignals()...)
	a := &app{stdout: os.Stdout, stderr: os.Stderr}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		a.stdin = os.Stdin
	}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
