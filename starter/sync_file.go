package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"audiencesync/internal/config"
)

// loadSync reads the sync file that a command names: "demo.yaml", or "demo"
// for a file demo.yaml in this folder.
func loadSync(argument string) (config.Sync, error) {
	path := argument
	if !isFile(path) && filepath.Ext(path) == "" {
		path += ".yaml"
	}
	spec, err := config.LoadSync(path)
	if errors.Is(err, os.ErrNotExist) {
		return spec, usage("no sync file %s here: name the YAML file of the sync, go to the folder that has it, or write a first one with audiencesync init", path)
	}
	if isConnectionsFile(err) {
		return spec, usage("%s is a connections file, which is for the worker (--connections): name the YAML file of the sync", path)
	}
	if err != nil {
		return spec, &exitError{code: exitUsage, err: err}
	}
	return spec, nil
}

// isConnectionsFile reports whether what is wrong with a sync file is that it is the
// other one.
func isConnectionsFile(err error) bool {
	problems, _ := errors.AsType[config.Problems](err)
	return slices.ContainsFunc(problems, func(p config.Problem) bool { return p.Path == "connections" })
}

// syncName returns the name of the sync that a command names by its file or
// by its name.
func syncName(argument string) (string, error) {
	if !isFile(argument) && !strings.ContainsAny(argument, "./\\") {
		return argument, nil
	}
	spec, err := loadSync(argument)
	return spec.Sync, err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
