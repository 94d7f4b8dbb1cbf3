package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"audiencesync/internal/credentials"
	"audiencesync/internal/ledger"
)

// FailureKey looks up the key that the fields of failed members are encrypted
// with, by a reference, env:NAME or file:PATH. Without a reference they are not
// kept and not shown. A path starts at the current directory, for the worker and
// for the commands that read the ledger alike: those have no connections file. The
// store says which of the two asks.
func FailureKey(ctx context.Context, store credentials.Store, reference string) ([]ledger.Option, error) {
	if reference == "" {
		return nil, nil
	}
	if path, ok := strings.CutPrefix(reference, "file:"); ok && path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("failure key %s: %w", reference, err)
		}
		if _, err := os.Stat(absolute); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("failure key %s: there is no file %s; a path starts at the current directory", reference, absolute)
		}
		reference = "file:" + absolute
	}
	secret, err := store.Lookup(ctx, reference)
	if err != nil {
		return nil, fmt.Errorf("failure key: %w", err)
	}
	return []ledger.Option{ledger.WithFailureKey([]byte(secret))}, nil
}
