package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// DueRunResult says what satisfied the due time. It is the result of a DueRun, and the
// details of the error of one that fails.
type DueRunResult struct {
	DueEnd

	DueAt time.Time `json:"due_at"`
	// Failures is how many due runs in a row have failed, this one among them.
	Failures int `json:"failures,omitempty"`
	// Before are the ends of the due runs before this one, newest first: a schedule hands
	// what the last one has left to the next one, so they outlive Temporal's retention.
	Before []DueEnd `json:"before,omitempty"`
}

// DueEnd is how a due run ended.
type DueEnd struct {
	// FiredAt is when the schedule meant to act: it names the due run.
	FiredAt time.Time `json:"fired_at"`
	// Run is the number of the run, zero where it is not known.
	Run int64 `json:"run,omitempty"`
	// Joined is set when a run that somebody else started satisfied it.
	Joined bool `json:"joined,omitempty"`
	// Ended names how the run ended: a verdict, or the type of its error.
	Ended string `json:"ended"`
}

// mostBefore is how many earlier ends are handed on.
const mostBefore = 9

// pastOf is what the due run before this one has left.
func pastOf(ctx workflow.Context) DueRunResult {
	var past DueRunResult
	if failed, ok := errors.AsType[*temporal.ApplicationError](workflow.GetLastError(ctx)); ok && failed.HasDetails() {
		if failed.Details(&past) == nil {
			return past
		}
		past = DueRunResult{}
	}
	if workflow.HasLastCompletionResult(ctx) && workflow.GetLastCompletionResult(ctx, &past) != nil {
		return DueRunResult{}
	}
	return past
}

// end names how the run ended. A verdict is an end like others: only a run that failed
// fails the due run, so that a schedule can tell them apart.
func (d *dueRun) end(ctx workflow.Context, err error) (DueRunResult, error) {
	d.remember()
	if ctx.Err() != nil || temporal.IsCanceledError(err) {
		return d.result, err
	}
	if d.result.Joined {
		if isVerdict(d.result.Ended) {
			d.result.Failures = 0
		}
		return d.result, nil
	}
	if ended, unknown := activities.EndOf(d.report, err); unknown == nil {
		d.result.Ended = ended
	} else {
		d.result.Ended = "failed"
	}
	d.result.Run = d.runNumber(err)
	if isVerdict(d.result.Ended) {
		d.result.Failures = 0
		return d.result, nil
	}
	if counts(d.result.Ended) {
		d.result.Failures++
		d.pauseAfterFailures(ctx, whyFailed(err))
	}
	return d.result, temporal.NewApplicationErrorWithOptions(whyFailed(err), d.result.Ended, temporal.ApplicationErrorOptions{
		NonRetryable: true, Cause: err, Details: []any{d.result},
	})
}

// remember takes over what the due run before has left.
func (d *dueRun) remember() {
	d.result.Failures = d.past.Failures
	if d.past.FiredAt.IsZero() {
		return
	}
	before := append([]DueEnd{d.past.DueEnd}, d.past.Before...)
	d.result.Before = slices.Clip(before[:min(mostBefore, len(before))])
}

// runNumber is that of the run which has ended, zero where it has left none.
func (d *dueRun) runNumber(err error) int64 {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok && said.HasDetails() {
		var report audience.Report
		if said.Details(&report) == nil {
			return report.Run
		}
	}
	return d.report.Run
}

func isVerdict(ended string) bool {
	switch ended {
	case string(audience.Equal), string(audience.Explained), string(audience.Unexplained), string(audience.Unverifiable),
		activities.TypeVerdictUnexplained, activities.TypeVerdictOutside:
		return true
	}
	return false
}

// counts reports whether an end is a failure that may pause the schedule: what a person
// has done, or a newer run, is none.
func counts(ended string) bool {
	switch ended {
	case activities.TypeDeclined, activities.TypeFenced, activities.EndStopped:
		return false
	}
	return true
}

// pauseAfterFailures pauses the schedule when as many due runs have failed in a row as
// it allows. Once it is resumed, as many again have to fail.
func (d *dueRun) pauseAfterFailures(ctx workflow.Context, why string) {
	schedule := scheduleID(ctx)
	if schedule == "" || d.in.Cadence == nil || d.in.Cadence.PauseAfter <= 0 || d.result.Failures%d.in.Cadence.PauseAfter != 0 {
		return
	}
	sync := d.in.Spec.Sync
	resume := "audiencesync schedule resume " + sync
	if d.in.VerifyOnly {
		resume += " --verify"
	}
	pausing := workflow.WithActivityOptions(ctx, asking("pause the schedule"))
	err := workflow.ExecuteActivity(pausing, do.PauseSchedule, activities.PauseScheduleInput{
		Sync: sync, Schedule: schedule,
		Note: fmt.Sprintf("paused after %d failures in a row, the last: %s; mend that (a changed sync file: audiencesync schedule update SYNC.yaml), and resume with: %s", d.result.Failures, shortened(why), resume),
	}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("the schedule could not be paused", "sync", sync, "schedule", schedule, "error", err)
		return
	}
	if notify := d.in.Spec.Notify; notify.Tells(config.NotifyPaused) {
		startNotify(ctx, "the schedule is paused", activities.NotifyInput{
			Sync: sync, Notify: *notify, At: workflow.Now(ctx), Cause: NotifyID(sync, workflow.GetInfo(ctx).FirstRunID, "schedule-paused"),
			SchedulePaused: &activities.NotifySchedulePaused{Failures: d.result.Failures, Why: why, Resume: resume},
		})
	}
}

// longestNote bounds what a schedule's note repeats of an error, in characters.
const longestNote = 400

func shortened(text string) string {
	if runes := []rune(text); len(runes) > longestNote {
		return string(runes[:longestNote]) + "..."
	}
	return text
}
