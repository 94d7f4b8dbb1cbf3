// Package programs builds this project's programs and runs them as processes
// of their own, as an operator would: for the end-to-end tests and the
// benchmarks.
package programs

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Built are the paths of the programs.
type Built struct {
	// AudienceSync is the command line.
	AudienceSync string
	// Worker is audiencesync-worker.
	Worker string
}

// Build builds the programs into dir, with more flags of `go build` if given.
// It works from any directory of the source tree.
func Build(ctx context.Context, dir string, flags ...string) (Built, error) {
	built := Built{
		AudienceSync: filepath.Join(dir, "audiencesync"),
		Worker:       filepath.Join(dir, "audiencesync-worker"),
	}
	for path, pkg := range map[string]string{built.AudienceSync: "audiencesync/starter", built.Worker: "audiencesync/worker"} {
		// Without the state of git: a source tree may have none.
		arguments := append([]string{"build", "-buildvcs=false", "-o", path}, flags...)
		output, err := exec.CommandContext(ctx, "go", append(arguments, pkg)...).CombinedOutput()
		if err != nil {
			return Built{}, fmt.Errorf("building %s: %w\n%s", pkg, err, output)
		}
	}
	return built, nil
}
