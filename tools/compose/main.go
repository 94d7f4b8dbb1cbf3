// Command compose checks a Compose file without a Docker engine: that it is
// valid, that the files it mounts and builds from exist, that its ports are
// published on this machine only, and that its images are pinned.
//
//	go -C tools/compose run . ../../docker-compose.yml
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compose FILE")
		os.Exit(2)
	}
	services, err := check(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s:\n%v\n", os.Args[1], err)
		os.Exit(1)
	}
	fmt.Printf("%s: %d services, valid\n", os.Args[1], services)
}

// check returns the number of services, or all faults of the file.
func check(ctx context.Context, path string) (int, error) {
	project, err := load(ctx, path)
	if err != nil {
		return 0, err
	}
	var faults []error
	for _, name := range project.ServiceNames() {
		for _, fault := range serviceFaults(project.Services[name]) {
			faults = append(faults, fmt.Errorf("service %s: %w", name, fault))
		}
	}
	for name, secret := range project.Secrets {
		if secret.File == "" {
			continue
		}
		if _, err := os.Stat(secret.File); err != nil {
			faults = append(faults, fmt.Errorf("secret %s: %w", name, err))
		}
	}
	return len(project.Services), errors.Join(faults...)
}
