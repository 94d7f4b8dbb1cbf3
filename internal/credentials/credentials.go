// Package credentials finds credentials by reference at the time of use, so
// that they can be rotated without a restart and never stand in a file of ours.
package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Store looks references up. Relative file paths start at Dir, the folder of
// the connections file.
type Store struct {
	Dir string
	// Command says that a command looks them up, and not the worker.
	Command bool
}

// errNotAReference does not show what was written: it may be the credential.
var errNotAReference = errors.New("credential: not a reference; write env:NAME or file:PATH, never the credential itself")

// maxFileBytes bounds a credential file: a store of certificate authorities fits, and a
// larger file is no credential.
const maxFileBytes = 1 << 20

// ErrNoFile is in the chain of an error of Lookup when the file of a reference is not there.
var ErrNoFile = errors.New("no such file")

// Lookup returns the credential behind "env:NAME" or "file:PATH", without
// surrounding white space. Errors name the reference, never the value.
func (s Store) Lookup(_ context.Context, reference string) (string, error) {
	scheme, rest, ok := strings.Cut(reference, ":")
	if !ok || rest == "" {
		return "", errNotAReference
	}
	switch scheme {
	case "env":
		value := strings.TrimSpace(os.Getenv(rest))
		if value == "" {
			return "", fmt.Errorf("credential %s: the environment variable is not set for %s", reference, s.whose())
		}
		return value, nil
	case "file":
		return s.fromFile(reference, rest)
	default:
		return "", errNotAReference
	}
}

// whose names the process in which credentials are looked up.
func (s Store) whose() string {
	if s.Command {
		return "this command"
	}
	return "the worker"
}

func (s Store) fromFile(reference, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	// Only a regular file is opened: opening a pipe could wait for ever.
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) && s.Command {
			return "", fmt.Errorf("credential %s: %w here (%s); put it there, or correct the reference", reference, ErrNoFile, path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("credential %s: %w on the worker; put it there, or correct the reference in the connections file", reference, ErrNoFile)
		}
		return "", fmt.Errorf("credential %s: %w", reference, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("credential %s: not a file", reference)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("credential %s: %w", reference, err)
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return "", fmt.Errorf("credential %s: %w", reference, err)
	}
	if len(raw) > maxFileBytes {
		return "", fmt.Errorf("credential %s: more than %d bytes, which is no credential", reference, maxFileBytes)
	}
	value := strings.TrimSpace(string(raw))
	if value == "" {
		return "", fmt.Errorf("credential %s: the file is empty", reference)
	}
	return value, nil
}
