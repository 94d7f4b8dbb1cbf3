package devserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// CLIVariable is the environment variable that names the temporal command line
// to use, before any other place is looked at.
const CLIVariable = "AUDIENCESYNC_TEMPORAL_CLI"

const (
	binaryName = "temporal"
	modulePath = "audiencesync"
	// versionTimeout bounds `temporal --version`, which takes milliseconds.
	versionTimeout = 30 * time.Second
)

// Find returns the absolute path of a temporal command line that runs. It looks
// at the variable AUDIENCESYNC_TEMPORAL_CLI, which must be usable when it is set,
// then in PATH, in extraDirs, next to this program, in ./bin, and in bin/ of
// the source tree that the working directory lies in. The error names the remedy.
func Find(ctx context.Context, extraDirs ...string) (string, error) {
	if named := os.Getenv(CLIVariable); named != "" {
		path, err := usable(ctx, named)
		if err != nil {
			return "", fmt.Errorf("%s names a temporal command line that cannot be used: %w", CLIVariable, err)
		}
		return path, nil
	}
	var faults []error
	for _, candidate := range candidates(extraDirs) {
		path, err := usable(ctx, candidate)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("looking for the temporal command line: %w", ctx.Err())
		}
		if !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	const remedy = "no temporal command line found: run `make temporal` in the source tree, or install temporal in PATH, or set " + CLIVariable
	if len(faults) > 0 {
		return "", fmt.Errorf("%s (%w)", remedy, errors.Join(faults...))
	}
	return "", errors.New(remedy)
}

// candidates are the places to look at, in order.
func candidates(extraDirs []string) []string {
	var paths []string
	if path, err := exec.LookPath(binaryName); err == nil {
		paths = append(paths, path)
	}
	dirs := slices.Clone(extraDirs)
	if self, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(self); err == nil {
			self = resolved
		}
		dirs = append(dirs, filepath.Dir(self))
	}
	dirs = append(dirs, "bin")
	if root, found := moduleRoot(); found {
		dirs = append(dirs, filepath.Join(root, "bin"))
	}
	for _, dir := range dirs {
		if path := filepath.Join(dir, binaryName); !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// usable reports whether path is a temporal command line that runs here, by
// asking for its version: a binary of another machine fails only when run.
func usable(ctx context.Context, path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", path, err)
	}
	if _, err := os.Stat(absolute); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, absolute, "--version")
	command.Env = environment()
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s does not run: %w", absolute, err)
	}
	if !bytes.HasPrefix(output, []byte("temporal version")) {
		return "", fmt.Errorf("%s is not the temporal command line", absolute)
	}
	return absolute, nil
}

// moduleRoot walks up from the working directory to this project's go.mod.
func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if isModuleRoot(dir) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isModuleRoot(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == "module" {
			return fields[1] == modulePath
		}
	}
	return false
}
