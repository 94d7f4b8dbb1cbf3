package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"audiencesync/internal/credentials"
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
	// Not the default of the flag: help would show it, and it may hold a password.
	flags.StringVar(&f.ledger, "ledger", "", "ledger address, sqlite:PATH or postgres://USER@HOST/DATABASE (or "+ledgerVariable+"; else "+localLedger+" if it is there)")
	flags.StringVar(&f.failureKey, "failure-key", os.Getenv(failureKeyVariable),
		"where the key of the mapped fields that were kept is, env:NAME or file:PATH from the current directory (or "+failureKeyVariable+")")
}

// commandStore finds credentials that no connections file names.
var commandStore = credentials.Store{Command: true}

// open opens the ledger, which must exist.
func (f *dataFlags) open(ctx context.Context) (*ledger.Ledger, error) {
	address, err := f.address()
	if err != nil {
		return nil, err
	}
	options, err := host.FailureKey(ctx, commandStore, f.failureKey)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	opened, err := ledger.Open(ctx, address, append(options, host.LedgerCredential(commandStore))...)
	if err != nil {
		return nil, dataError(err)
	}
	return opened, nil
}

// address is where the ledger is.
func (f *dataFlags) address() (string, error) {
	address := cmp.Or(f.ledger, os.Getenv(ledgerVariable))
	if address == "" && isFile(localLedger) {
		address = "sqlite:" + localLedger
	}
	if address == "" {
		return "", usage("this command reads the ledger: name it with --ledger sqlite:PATH or %s; it is the one that the worker writes (audiencesync up: DIR/ledger.db)", ledgerVariable)
	}
	return address, mustExist(address)
}

// mustExist refuses the address of a file that is not there: opening it would
// make a ledger.
func mustExist(address string) error {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok && !isFile(path) {
		return usage("there is no ledger at %s: name the one that the worker writes (audiencesync up: DIR/ledger.db)", path)
	}
	return nil
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

// dataError gives an error of the ledger its exit code: what is not there, or cannot be
// an address, is a matter of usage.
func dataError(err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return coded
	}
	if _, wrong := errors.AsType[*ledger.AddressError](err); wrong || errors.Is(err, ledger.ErrNotFound) {
		return &exitError{code: exitUsage, err: err}
	}
	return &exitError{code: exitFailed, err: err}
}
