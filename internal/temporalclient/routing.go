package temporalclient

import (
	"context"
	"fmt"
	"slices"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// Version is a version of a worker deployment: the workers that run one build. The zero
// value stands for all workers without a version.
type Version = worker.WorkerDeploymentVersion

// Routing is which workers Temporal gives the work of a task queue to.
type Routing struct {
	// Taking are the versions that take work: the current one, and while it ramps a
	// second one.
	Taking []Version
	// Asking are the versions of the workers that have asked for work in the last minutes.
	Asking []Version
}

// RoutingOf asks for the routing of a task queue's workflows.
func RoutingOf(ctx context.Context, c client.Client, taskQueue string) (Routing, error) {
	described, err := c.DescribeTaskQueue(ctx, taskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return Routing{}, fmt.Errorf("asking Temporal who works on the task queue %s: %w", taskQueue, err)
	}
	versioning := described.GetVersioningInfo()
	routing := Routing{Taking: []Version{versionOf(versioning.GetCurrentDeploymentVersion())}}
	if versioning.GetRampingVersionPercentage() > 0 {
		routing.Taking = append(routing.Taking, versionOf(versioning.GetRampingDeploymentVersion()))
	}
	for _, poller := range described.GetPollers() {
		var asking Version
		if with := poller.GetDeploymentOptions(); with.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED {
			asking = Version{DeploymentName: with.GetDeploymentName(), BuildID: with.GetBuildId()}
		}
		if !slices.Contains(routing.Asking, asking) {
			routing.Asking = append(routing.Asking, asking)
		}
	}
	return routing, nil
}

func versionOf(v *deploymentpb.WorkerDeploymentVersion) Version {
	return Version{DeploymentName: v.GetDeploymentName(), BuildID: v.GetBuildId()}
}

// Idle says why workers of a version get no work, and the command that gives it to them;
// empty if they get some.
func (r Routing) Idle(version Version) string {
	switch current := r.Taking[0]; {
	case slices.Contains(r.Taking, version):
		return ""
	case version == Version{}:
		return fmt.Sprintf("all work goes to version %s of deployment %s, and none to workers without a version: start them with --deployment %[2]s, or let them have it: %[3]s --deployment-name %[2]s --unversioned",
			current.BuildID, current.DeploymentName, setCurrent)
	default:
		return fmt.Sprintf("workers of version %s of deployment %s get no work until it is made current: %s --deployment-name %[2]s --build-id %[1]s",
			version.BuildID, version.DeploymentName, setCurrent)
	}
}

const setCurrent = "temporal worker deployment set-current-version"

// Unmanned says why work waits though workers may be there: none of them is of a version
// that gets work. Empty where versions are not the reason.
func (r Routing) Unmanned() string {
	if slices.ContainsFunc(r.Taking, func(v Version) bool { return slices.Contains(r.Asking, v) }) {
		return ""
	}
	if current := r.Taking[0]; current != (Version{}) {
		return fmt.Sprintf("all work goes to version %s of deployment %s, and no worker of it is there: start one, or make another version current: %s --deployment-name %[2]s --build-id BUILD-ID",
			current.BuildID, current.DeploymentName, setCurrent)
	}
	if len(r.Asking) == 0 {
		return ""
	}
	return r.Idle(r.Asking[0])
}
