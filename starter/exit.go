package main

import (
	"context"
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
	exitWaiting      = 6
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

// failed says of which sync something failed; "" is none.
func failed(sync string, err error) error {
	if sync != "" {
		err = fmt.Errorf("sync %s: %w", sync, err)
	}
	return &exitError{code: exitFailed, err: err}
}

// interrupted reports whether an error says no more than that the command was told to
// end, as by Ctrl-C.
func interrupted(ctx context.Context, err error) bool {
	_, away := errors.AsType[*serviceerror.Canceled](err)
	return ctx.Err() != nil && (away || errors.Is(err, context.Canceled))
}

// outcome is the end of a run as the command line sees it.
type outcome struct {
	// report is nil when the run ended without one.
	report *audience.Report
	err    *exitError
	// cause is what Temporal returned for a run that did not end well.
	cause error
}

// outcomeOf reads the end of a run from what Temporal returns for it.
func outcomeOf(sync string, report *audience.Report, err error) outcome {
	if err == nil {
		return outcome{report: report, err: codeOfReport(report)}
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return outcome{err: coded}
	}
	if canceled, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return ended(exitCancelled, reportIn(canceled), fmt.Sprintf("sync %s: the run was cancelled", sync))
	}
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return ended(exitFailed, nil, fmt.Sprintf("sync %s: %v", sync, stripped(err)))
	}
	switch said.Type() {
	case activities.TypeVerdictUnexplained:
		return ended(exitUnexplained, reportIn(said), said.Message())
	case activities.TypeVerdictOutside:
		return ended(exitOutside, reportIn(said), said.Message())
	case activities.TypeDeclined:
		return ended(exitCancelled, reportIn(said), said.Message())
	case activities.TypeNotApproved:
		return ended(exitFailed, reportIn(said), said.Message())
	case activities.TypeOpenRefused, activities.TypeUnknownLabels:
		return ended(exitUsage, nil, said.Message())
	default:
		return ended(exitFailed, nil, said.Message())
	}
}

// ended is an end that is not good. A report says it all; without one the text does.
func ended(code int, report *audience.Report, text string) outcome {
	if report != nil {
		return outcome{report: report, err: &exitError{code: code}}
	}
	return outcome{err: &exitError{code: code, err: errors.New(text)}}
}

// codeOfReport is nil for a good run. A run that asked for no verification is
// unverifiable and good.
func codeOfReport(report *audience.Report) *exitError {
	switch {
	case report.Ended == audience.EndedPlanned && len(report.Notes) > 0:
		return &exitError{code: exitUsage} // The run would be refused.
	case report.Ended == audience.EndedPlanned && report.Plan != nil && len(report.Plan.Beyond) > 0:
		return &exitError{code: exitWaiting} // The run would wait.
	case report.Ended == audience.EndedPlanned:
		return nil
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
	switch {
	case lostTouch(err):
		return fmt.Errorf("Temporal does not answer any more (%w); a run that is going goes on when it is back: see it with audiencesync status", err) //nolint:staticcheck // A name.
	case temporal.IsTerminatedError(err):
		return errors.New("the run was terminated; the next run of the sync folds what it left open")
	case temporal.IsTimeoutError(err):
		return errors.New("it did not end in time; see whether a worker is running (\"audiencesync up\" or audiencesync-worker)")
	}
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return errors.New("there is no such run in Temporal")
	}
	return err
}
