package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"audiencesync/internal/host"
	"audiencesync/internal/ledger"
)

// Environment variables of data commands.
const (
	ledgerVariable     = "AUDIENCESYNC_LEDGER"
	failureKeyVariable = "AUDIENCESYNC_FAILURE_KEY"
	// localLedger is where "audiencesync up" keeps the ledger by default.
	localLedger = ".audiencesync/ledger.db"
)

// dataFlags say where a data command finds the ledger. Such commands read and
// write it themselves: what they show never passes through Temporal.
type dataFlags struct {
	ledger     string
	failureKey string
}

func (f *dataFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.ledger, "ledger", os.Getenv(ledgerVariable), "ledger address, sqlite:PATH (or "+ledgerVariable+"; else "+localLedger+" if it is there)")
	flags.StringVar(&f.failureKey, "failure-key", os.Getenv(failureKeyVariable),
		"where the key of failed members' fields is, env:NAME or file:PATH from the current directory (or "+failureKeyVariable+")")
}

// open opens the ledger, which must exist.
func (f *dataFlags) open(ctx context.Context) (*ledger.Ledger, error) {
	address := f.ledger
	if address == "" && isFile(localLedger) {
		address = "sqlite:" + localLedger
	}
	if address == "" {
		return nil, usage("this command reads the ledger: name it with --ledger sqlite:PATH or %s; it is the one that the worker writes (audiencesync up: DIR/ledger.db)", ledgerVariable)
	}
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok && !isFile(path) {
		return nil, usage("there is no ledger at %s: name the one that the worker writes (audiencesync up: DIR/ledger.db)", path)
	}
	options, err := host.FailureKey(ctx, f.failureKey)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	opened, err := ledger.Open(ctx, address, options...)
	if err != nil {
		return nil, &exitError{code: exitFailed, err: err}
	}
	return opened, nil
}

// withLedger runs a data command.
func (f *dataFlags) withLedger(ctx context.Context, do func(*ledger.Ledger) error) (err error) {
	l, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(l)
}

// dataError gives an error of the ledger its exit code: what is not there is a
// matter of usage.
func dataError(err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return coded
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return &exitError{code: exitUsage, err: err}
	}
	return &exitError{code: exitFailed, err: err}
}
