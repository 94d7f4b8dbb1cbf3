package temporalclient_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/temporalclient"
)

var (
	unversioned = temporalclient.Version{}
	first       = temporalclient.Version{DeploymentName: "crm-sync", BuildID: "1"}
	second      = temporalclient.Version{DeploymentName: "crm-sync", BuildID: "2"}
)

func TestAVersionThatGetsNoWorkIsToldHowToGetIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		taking  []temporalclient.Version
		version temporalclient.Version
		says    string
	}{
		"no versions at all": {[]temporalclient.Version{unversioned}, unversioned, ""},
		"the current one":    {[]temporalclient.Version{first}, first, ""},
		"one that ramps":     {[]temporalclient.Version{first, second}, second, ""},
		"one that is new": {
			[]temporalclient.Version{first},
			second,
			"workers of version 2 of deployment crm-sync get no work until it is made current: temporal worker deployment set-current-version --deployment-name crm-sync --build-id 2",
		},
		"none beside versions": {
			[]temporalclient.Version{first},
			unversioned,
			"all work goes to version 1 of deployment crm-sync, and none to workers without a version: start them with --deployment crm-sync, or let them have it: temporal worker deployment set-current-version --deployment-name crm-sync --unversioned",
		},
	} {
		require.Equal(t, c.says, temporalclient.Routing{Taking: c.taking}.Idle(c.version), name)
	}
}

func TestVersionsAreTheReasonThatNobodyWorksOnlyIfWorkersOfOthersAreThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		routing temporalclient.Routing
		says    string
	}{
		"nobody is there":           {temporalclient.Routing{Taking: []temporalclient.Version{unversioned}}, ""},
		"workers of all kinds":      {temporalclient.Routing{Taking: []temporalclient.Version{unversioned}, Asking: []temporalclient.Version{first, unversioned}}, ""},
		"workers of the ramping":    {temporalclient.Routing{Taking: []temporalclient.Version{first, second}, Asking: []temporalclient.Version{second}}, ""},
		"a version without workers": {temporalclient.Routing{Taking: []temporalclient.Version{first}, Asking: []temporalclient.Version{second}}, "all work goes to version 1 of deployment crm-sync, and no worker of it is there: start one, or make another version current: temporal worker deployment set-current-version --deployment-name crm-sync --build-id BUILD-ID"},
		"workers of a new version":  {temporalclient.Routing{Taking: []temporalclient.Version{unversioned}, Asking: []temporalclient.Version{first}}, "workers of version 1 of deployment crm-sync get no work until it is made current: temporal worker deployment set-current-version --deployment-name crm-sync --build-id 1"},
	} {
		require.Equal(t, c.says, c.routing.Unmanned(), name)
	}
}

func TestTheRoutingIsWhatTemporalSaysOfTheTaskQueue(t *testing.T) {
	t.Parallel()
	c, _ := inNamespace(t)
	const queue = "routing"
	asking := func(versions ...temporalclient.Version) {
		t.Helper()
		require.Eventually(t, func() bool {
			routing, err := temporalclient.RoutingOf(t.Context(), c, queue)
			return err == nil && len(routing.Asking) == len(versions) && routing.Taking[0] == unversioned
		}, time.Minute, 50*time.Millisecond)
		routing, err := temporalclient.RoutingOf(t.Context(), c, queue)
		require.NoError(t, err)
		require.ElementsMatch(t, versions, routing.Asking)
	}
	asking()
	for _, version := range []temporalclient.Version{first, unversioned} {
		options := worker.Options{}
		if version != unversioned {
			options.DeploymentOptions = worker.DeploymentOptions{
				UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			}
		}
		w := worker.New(c, queue, options)
		w.RegisterWorkflow(func(workflow.Context) error { return nil })
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	asking(first, unversioned)

	deployment := c.WorkerDeploymentClient().GetHandle(first.DeploymentName)
	require.Eventually(t, func() bool {
		_, err := deployment.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: first.BuildID})
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	require.Eventually(t, func() bool {
		routing, err := temporalclient.RoutingOf(t.Context(), c, queue)
		return err == nil && routing.Taking[0] == first
	}, time.Minute, 50*time.Millisecond)
}
