package main

import (
	"errors"
	"os"
	"path/filepath"
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
		return spec, usage("no sync file %s here: name the YAML file of the sync", path)
	}
	if err != nil {
		return spec, &exitError{code: exitUsage, err: err}
	}
	return spec, nil
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
