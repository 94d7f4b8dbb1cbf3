// Command schemagen writes the JSON Schemas of sync and connection files to
// the folder schema, from the types, tags, comments and defaults of the
// package config. Run it from anywhere in the repository:
//
//	go run ./internal/config/schemagen
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	schemas, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range schemas {
		//nolint:gosec // a schema is for everyone to read
		if err := os.WriteFile(filepath.Join(root, "schema", name), content, 0o644); err != nil {
			return fmt.Errorf("write schema: %w", err)
		}
	}
	return nil
}

// moduleRoot is the nearest folder above with a go.mod.
func moduleRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("no go.mod here or above; run it inside the repository")
		}
		folder = above
	}
}
