package main

import (
	"context"

	"go.temporal.io/sdk/client"

	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

const startWorker = `start one with "audiencesync up" or audiencesync-worker`

// manning says what to do where no worker answers: start one, unless those that are there
// get no work because of their version.
func manning(ctx context.Context, c client.Client) string {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	routing, err := temporalclient.RoutingOf(ctx, c, workflows.TaskQueue)
	if err == nil && routing.Unmanned() != "" {
		return routing.Unmanned()
	}
	return startWorker
}
