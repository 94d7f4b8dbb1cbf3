package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

func TestAReportDecidesTheExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report audience.Report
		code   int
	}{
		"equal":                       {audience.Report{Verdict: audience.Equal, Acceptable: true}, exitGood},
		"explained within accept":     {audience.Report{Verdict: audience.Explained, Acceptable: true}, exitGood},
		"explained outside accept":    {audience.Report{Verdict: audience.Explained}, exitOutside},
		"unexplained":                 {audience.Report{Verdict: audience.Unexplained}, exitUnexplained},
		"unverifiable":                {audience.Report{Verdict: audience.Unverifiable, Acceptable: true}, exitUnverifiable},
		"unverifiable, as asked":      {audience.Report{Verdict: audience.Unverifiable, Acceptable: true, Unasked: true}, exitGood},
		"as asked but outside accept": {audience.Report{Verdict: audience.Unverifiable, Unasked: true}, exitOutside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := outcomeOf("demo", &c.report, nil)
			require.Same(t, &c.report, end.report)
			require.Equal(t, c.code, codeOf(end))
		})
	}
}

func TestHowARunFailedDecidesExitCodeAndText(t *testing.T) {
	t.Parallel()
	report := audience.Report{Sync: "demo", Run: 4, Verdict: audience.Unexplained}
	typed := func(kind string, details ...any) error {
		return temporal.NewNonRetryableApplicationError("sync demo: what was said", kind, nil, details...)
	}
	const said = "sync demo: what was said"
	for name, c := range map[string]struct {
		err    error
		code   int
		report bool
		text   string
	}{
		"unexplained":                 {typed(activities.TypeVerdictUnexplained, report), exitUnexplained, true, ""},
		"unexplained, without report": {typed(activities.TypeVerdictUnexplained), exitUnexplained, false, said},
		"outside accept":              {typed(activities.TypeVerdictOutside, report), exitOutside, true, ""},
		"open refused":                {typed(activities.TypeOpenRefused), exitUsage, false, said},
		"fenced":                      {typed(activities.TypeFenced), exitFailed, false, said},
		"source broken":               {typed(activities.TypeSourceBroken), exitFailed, false, said},
		"source incomplete":           {typed(activities.TypeSourceIncomplete), exitFailed, false, said},
		"access denied":               {typed(activities.TypeAccessDenied), exitFailed, false, said},
		"rate limited":                {typed(activities.TypeRateLimited), exitFailed, false, said},
		"unavailable":                 {typed(activities.TypeUnavailable), exitFailed, false, said},
		"unreadable answer":           {typed(activities.TypeUnreadableAnswer), exitFailed, false, said},
		"request refused":             {typed(activities.TypeRequestRefused), exitFailed, false, said},
		"staging full":                {typed(activities.TypeStagingFull), exitFailed, false, said},
		"ledger":                      {typed(activities.TypeLedger), exitFailed, false, said},
		"not approved":                {typed(activities.TypeNotApproved, report), exitFailed, true, ""},
		"not approved, no report":     {typed(activities.TypeNotApproved), exitFailed, false, said},
		"declined":                    {typed(activities.TypeDeclined, report), exitCancelled, true, ""},
		"waits":                       {&exitError{code: exitWaiting, err: errors.New(said)}, exitWaiting, false, said},
		"cancelled":                   {temporal.NewCanceledError(report), exitCancelled, true, ""},
		"cancelled before it opened":  {temporal.NewCanceledError(), exitCancelled, false, "sync demo: the run was cancelled"},
		"terminated":                  {&temporal.TerminatedError{}, exitFailed, false, "sync demo: the run was terminated; the next run of the sync folds what it left open"},
		"timed out":                   {temporal.NewTimeoutError(0, nil), exitFailed, false, `sync demo: it did not end in time; see whether a worker is running ("audiencesync up" or audiencesync-worker)`},
		"something else":              {errors.New("odd"), exitFailed, false, "sync demo: odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := outcomeOf("demo", nil, fmt.Errorf("workflow execution error: %w", c.err))
			require.Equal(t, c.code, codeOf(end))
			require.Equal(t, c.report, end.report != nil)
			if c.report {
				require.Equal(t, report, *end.report)
			}
			if name == "something else" {
				c.text = "sync demo: workflow execution error: odd"
			}
			require.Equal(t, c.text, textOf(end))
		})
	}
}

func TestAServerThatWentAwayIsNotTheEndOfARun(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"unavailable": serviceerror.NewUnavailable("connection refused"),
		"late":        serviceerror.NewDeadlineExceeded("context deadline exceeded"),
		"our time":    context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.True(t, lostTouch(err))
			end := outcomeOf("demo", nil, err)
			require.Equal(t, exitFailed, codeOf(end))
			require.Contains(t, textOf(end), "sync demo: Temporal does not answer any more")
			require.Contains(t, textOf(end), "goes on when it is back")
		})
	}
	require.False(t, lostTouch(nil))
	require.False(t, lostTouch(serviceerror.NewNotFound("no such workflow")))
	require.Equal(t, "sync demo: there is no such run in Temporal", textOf(outcomeOf("demo", nil, serviceerror.NewNotFound("?"))))
}

func codeOf(end outcome) int {
	if end.err == nil {
		return exitGood
	}
	return end.err.code
}

func textOf(end outcome) string {
	if end.err == nil || end.err.err == nil {
		return ""
	}
	return end.err.err.Error()
}
