package main

import (
	"context"
	"errors"

	"audiencesync/internal/audience"
	"audiencesync/test/endtoend/programs"
)

// fault is one row of the matrix: what goes wrong, and how a run must end that meets it.
type fault struct {
	// at is where it goes wrong, name what.
	at, name string
	// prepare makes the world of the cell another one, before anything starts; nil does
	// nothing. So it is with those that follow.
	prepare func(*cell) error
	// strike lets it go wrong, before the run that meets it starts.
	strike func(context.Context, *cell) error
	// meanwhile is done while that run goes; it returns the command that tells how it ends.
	meanwhile func(context.Context, *cell, *programs.Program) (*programs.Program, error)
	// met reports whether it happened; nil: the vendors' journal tells.
	met func(*cell) bool
	// ends is how the run must end.
	ends ending
	// mend ends the fault, besides the vendors' fault plan.
	mend func(context.Context, *cell) error
	// commands are given before the run that makes everything right, the name of the sync
	// and the ledger behind them, and flags to that run.
	commands []string
	flags    []string
}

// ending is how a run must end. The zero value is a run that is as if nothing had gone
// wrong.
type ending struct {
	// code is the exit code of the command.
	code int
	// says are texts that it must say, of which each names the place, what is wrong, or
	// the remedy.
	says []string
	// untouched says that Hello Charles must hold what it held before.
	untouched bool
	// report checks the report of a run that ends with one.
	report func(*cell, audience.Report)
	// clean says that Hello Charles holds what it should, although the run did not end well.
	clean bool
}

func (f *fault) title() string { return f.at + ": " + f.name }

// skippedError says why a cell cannot be played on this machine.
type skippedError struct{ error }

func skipped(err error) error { return skippedError{err} }

func skippedBy(err error) (skippedError, bool) { return errors.AsType[skippedError](err) }
