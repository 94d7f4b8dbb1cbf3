package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/temporalclient"
)

func TestAWorkerHasAVersionOnlyInADeployment(t *testing.T) {
	t.Setenv(buildIDVariable, "of-the-image")
	for name, c := range map[string]struct {
		flags flags
		want  temporalclient.Version
	}{
		"no deployment":          {flags{}, temporalclient.Version{}},
		"a build by flag":        {flags{deployment: "crm-sync", buildID: "1.4.2"}, temporalclient.Version{DeploymentName: "crm-sync", BuildID: "1.4.2"}},
		"a build by environment": {flags{deployment: "crm-sync"}, temporalclient.Version{DeploymentName: "crm-sync", BuildID: "of-the-image"}},
	} {
		version, err := c.flags.deployed()
		require.NoError(t, err, name)
		require.Equal(t, c.want, version, name)
	}
}

func TestAVersionThatCannotBeIsRefusedWithTheRemedy(t *testing.T) {
	t.Setenv(buildIDVariable, "")
	for says, args := range map[string][]string{
		"--build-id is for a worker of a deployment: name that with --deployment":                                                          {"--build-id", "1.4.2"},
		"--deployment crm.sync: the name of a deployment holds no dot and no colon, and does not begin with __":                            {"--deployment", "crm.sync"},
		"--deployment __sync: the name of a deployment holds no dot and no colon, and does not begin with __":                              {"--deployment", "__sync"},
		"build id __1: it does not begin with __":                                                                                          {"--deployment", "crm-sync", "--build-id", "__1"},
		"this program does not know its commit, because it was built without git: name the build with --build-id or AUDIENCESYNC_BUILD_ID": {"--deployment", "crm-sync"},
	} {
		err := run(t.Context(), append([]string{"--connections", connections, "--ledger", "sqlite:x"}, args...), io.Discard, &bytes.Buffer{})
		require.EqualError(t, err, says)
		require.Equal(t, exitUsage, codeOf(err))
	}
}
