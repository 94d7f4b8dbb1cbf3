package main

import (
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// Exit codes: part of the contract with scripts.
const (
	exitGood         = 0
	exitFailed       = 1
	exitUsage        = 2
	exitUnexplained  = 3
	exitUnverifiable = 4
	exitOutside      = 5
	exitCancelled    = 7
	exitInterrupted  = 130
)

// exitError ends the command with a code; err may be nil when all is said.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// outcome is the end of a run as the command line sees it.
type outcome struct {
	// report is nil when the run ended without one.
	report *audience.Report
	err    *exitError
}

// outcomeOf reads the end of a run from what Temporal returns for it.
func outcomeOf(report *audience.Report, err error) outcome {
	if err == nil {
		return outcome{report: report, err: codeOfReport(report)}
	}
	if canceled, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return outcome{report: reportIn(canceled), err: &exitError{code: exitCancelled}}
	}
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return outcome{err: &exitError{code: exitFailed, err: stripped(err)}}
	}
	switch failed.Type() {
	case activities.TypeVerdictUnexplained:
		return outcome{report: reportIn(failed), err: &exitError{code: exitUnexplained}}
	case activities.TypeVerdictOutside:
		return outcome{report: reportIn(failed), err: &exitError{code: exitOutside}}
	case activities.TypeOpenRefused:
		return outcome{err: &exitError{code: exitUsage, err: errors.New(failed.Message())}}
	default:
		return outcome{err: &exitError{code: exitFailed, err: errors.New(failed.Message())}}
	}
}

// codeOfReport is nil for a good run. A run that asked for no verification is
// unverifiable and good.
func codeOfReport(report *audience.Report) *exitError {
	switch {
	case report.Verdict == audience.Unverifiable && !report.Unasked:
		return &exitError{code: exitUnverifiable}
	case report.Verdict == audience.Unexplained:
		return &exitError{code: exitUnexplained}
	case !report.Acceptable:
		return &exitError{code: exitOutside}
	default:
		return nil
	}
}

type withDetails interface {
	HasDetails() bool
	Details(d ...any) error
}

func reportIn(err withDetails) *audience.Report {
	var report audience.Report
	if !err.HasDetails() || err.Details(&report) != nil {
		return nil
	}
	return &report
}

// stripped says in plain words what ended a run from outside.
func stripped(err error) error {
	var missing *serviceerror.NotFound
	switch {
	case temporal.IsTerminatedError(err):
		return errors.New("the run was terminated; the next run of the sync folds what it left open")
	case errors.As(err, &missing):
		return errors.New("there is no such run in Temporal")
	}
	return err
}
