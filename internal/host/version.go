package host

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// deployment lets a worker take part in Temporal's versioning of workers, if it has a
// version.
//
// Every workflow moves on to the current version with its next task, and none is pinned
// to the version that it began with. A run lasts as long as the person for whom it waits:
// pinned, it would need workers of its old version all that time, and would stand still in
// silence without them. Two versions would also work on one ledger for days, whose tables
// are those of the newest. What makes the move safe is that new code replays the histories
// of old code, which the replay tests hold.
func deployment(version temporalclient.Version) worker.DeploymentOptions {
	if version == (temporalclient.Version{}) {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}
}

// warnIfIdle says in the log if the worker gets no work because of its version, or because
// it has none.
func warnIfIdle(ctx context.Context, c client.Client, version temporalclient.Version, logger *zap.Logger) {
	routing, err := temporalclient.RoutingOf(ctx, c, workflows.TaskQueue)
	if err != nil {
		return // A server that cannot say it has no versions.
	}
	if why := routing.Idle(version); why != "" {
		logger.Warn(why)
	}
}
