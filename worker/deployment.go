package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"audiencesync/internal/buildinfo"
	"audiencesync/internal/temporalclient"
)

// buildIDVariable names the build of a program that has no stamp, as in an image.
const buildIDVariable = "AUDIENCESYNC_BUILD_ID"

// deployed is the worker's version in its deployment; without a deployment it has none. Which names
// are allowed is Temporal's rule.
func (f flags) deployed() (temporalclient.Version, error) {
	version := temporalclient.Version{DeploymentName: f.deployment, BuildID: f.buildID}
	switch {
	case f.deployment == "" && f.buildID != "":
		return version, errors.New("--build-id is for a worker of a deployment: name that with --deployment")
	case f.deployment == "":
		return version, nil
	case strings.ContainsAny(f.deployment, ".:"), strings.HasPrefix(f.deployment, "__"):
		return version, fmt.Errorf("--deployment %s: the name of a deployment holds no dot and no colon, and does not begin with __", f.deployment)
	}
	if version.BuildID == "" {
		version.BuildID = os.Getenv(buildIDVariable)
	}
	if version.BuildID == "" {
		version.BuildID = buildinfo.Read().Commit()
	}
	switch {
	case version.BuildID == "":
		return version, errors.New("this program does not know its commit, because it was built without git: name the build with --build-id or " + buildIDVariable)
	case strings.HasPrefix(version.BuildID, "__"):
		return version, fmt.Errorf("build id %s: it does not begin with __", version.BuildID)
	}
	return version, nil
}
