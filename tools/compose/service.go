package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads the file as `docker compose` does, with every profile, and with
// the variables that have defaults only: a file must not need an environment.
func load(ctx context.Context, path string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{path},
		cli.WithProfiles([]string{"*"}),
		cli.WithConsistency(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(ctx)
}

// serviceFaults are the faults that the Compose specification allows.
func serviceFaults(service types.ServiceConfig) []error {
	faults := make([]error, 0, 2+len(service.Volumes)+len(service.Ports))
	faults = append(faults, imageFault(service), buildFault(service))
	for _, volume := range service.Volumes {
		faults = append(faults, volumeFault(volume))
	}
	for _, port := range service.Ports {
		faults = append(faults, portFault(port))
	}
	return present(faults)
}

// imageFault: an image that is not built here names its version.
func imageFault(service types.ServiceConfig) error {
	if service.Build != nil {
		return nil
	}
	name := service.Image[strings.LastIndex(service.Image, "/")+1:]
	_, tag, tagged := strings.Cut(name, ":")
	if !tagged || tag == "latest" {
		return fmt.Errorf("image %q is not pinned to a version", service.Image)
	}
	return nil
}

func buildFault(service types.ServiceConfig) error {
	if service.Build == nil || service.Build.DockerfileInline != "" {
		return nil
	}
	dockerfile := service.Build.Dockerfile
	if dockerfile == "" {
		dockerfile = "Dockerfile"
	}
	if !filepath.IsAbs(dockerfile) {
		dockerfile = filepath.Join(service.Build.Context, dockerfile)
	}
	if _, err := os.Stat(dockerfile); err != nil {
		return fmt.Errorf("it cannot be built: %w", err)
	}
	return nil
}

// volumeFault: Docker makes an empty folder of a mounted file that is missing.
func volumeFault(volume types.ServiceVolumeConfig) error {
	if volume.Type != types.VolumeTypeBind {
		return nil
	}
	if _, err := os.Stat(volume.Source); err != nil {
		return fmt.Errorf("the mount at %s has no source: %w", volume.Target, err)
	}
	return nil
}

// portFault: nothing here has access control, so nothing listens for others.
func portFault(port types.ServicePortConfig) error {
	address, err := netip.ParseAddr(port.HostIP)
	if err != nil || !address.IsLoopback() {
		return fmt.Errorf("port %s is published on %q: publish it on 127.0.0.1", port.Published, port.HostIP)
	}
	return nil
}

func present(faults []error) []error {
	var found []error
	for _, fault := range faults {
		if fault != nil {
			found = append(found, fault)
		}
	}
	return found
}
