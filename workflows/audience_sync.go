package workflows

import (
	"cmp"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// AudienceSyncInput is the input of AudienceSync.
type AudienceSyncInput struct {
	// Spec is the sync, pinned for the whole run.
	Spec config.Sync `json:"spec"`
	// Full sends every member again, whatever the ledger knows of it.
	Full bool `json:"full,omitempty"`
	// Recreate creates contacts again that are gone from Hello Charles.
	Recreate bool `json:"recreate,omitempty"`
	// PlanOnly ends the run once it is known what it would do.
	PlanOnly bool `json:"plan_only,omitempty"`
	// Retire takes all marks of the sync away and closes it, whoever is in the audience.
	Retire bool `json:"retire,omitempty"`
	// VerifyOnly proves what earlier runs have brought: nothing is read or sent.
	VerifyOnly bool `json:"verify_only,omitempty"`
	// Entered of a run that only proves is the number of contacts that a person has
	// counted in the segment; nil: Hello Charles is asked.
	Entered *int64 `json:"entered,omitempty"`
	// Audit reads the audience and compares the segment with it: nothing is sent.
	Audit bool `json:"audit,omitempty"`
	// Expect is the number of members that a person expects; nil: nobody said.
	Expect *int64 `json:"expect,omitempty"`
	// Scheduled says that no person has started the run.
	Scheduled bool `json:"scheduled,omitempty"`
	// Repairs is how many runs before this one were followed by a run at once,
	// because members that were accepted had not come into the segment.
	Repairs int `json:"repairs,omitempty"`
	// Carried is set when a run goes on in a new history.
	Carried *Carried `json:"carried,omitempty"`
}

// Carried is what a run takes along into a new history.
type Carried struct {
	Opened   activities.OpenRunResult `json:"opened"`
	Plan     activities.Plan          `json:"plan"`
	Progress Progress                 `json:"progress"`
	// Approved is the plan that a person has approved.
	Approved *audience.Plan `json:"approved,omitempty"`
	// Stages are the planned batches that have not been issued.
	Stages []activities.Numbers `json:"stages,omitempty"`
	// AskedBefore is the number of contacts that had been sent when the stage began.
	AskedBefore int64 `json:"asked_before,omitempty"`
	// First are batches to be sent before planned ones.
	First []int64 `json:"first,omitempty"`
	// Last are batches to be sent after all others.
	Last      []int64   `json:"last,omitempty"`
	Brakes    Brakes    `json:"brakes,omitzero"`
	Postponed Postponed `json:"postponed,omitzero"`
	// Proving is nil until the run proves.
	Proving *Proving `json:"proving,omitempty"`
	// Window is how many batches may be under way, where that has changed.
	Window     int        `json:"window,omitempty"`
	SearchedBy SearchedBy `json:"searched_by,omitzero"`
	Pace       Pace       `json:"pace,omitzero"`
}

// AudienceSync is one run of a sync: read the whole audience, decide what has
// to change, send it in batches, prove that it arrived.
func AudienceSync(ctx workflow.Context, in AudienceSyncInput) (*audience.Report, error) {
	ctx, cancel := workflow.WithCancel(ctx)
	run := newAudienceSync(ctx, in)
	run.cancelAll = cancel
	if err := run.setup(ctx); err != nil {
		return nil, err
	}
	report, err := run.run(ctx)
	run.tellEnd(ctx, report, err)
	return report, err
}

type audienceSync struct {
	in       AudienceSyncInput
	spec     config.Sync
	opened   activities.OpenRunResult
	plan     activities.Plan
	approved *audience.Plan
	progress Progress
	queue    queue
	// window is how many batches may be under way.
	window int
	// askedBefore is brakes.Asked when the stage began.
	askedBefore int64
	// brakes and postponed are what the answers to batches have taught so far.
	brakes    Brakes
	postponed Postponed
	// proving is nil until it is known what the segment should hold.
	proving *Proving
	// answer is the decision about progress.Hold, nil until there is one.
	answer *audience.Decision
	// cancelAll ends the run, as a cancellation from outside does.
	cancelAll workflow.CancelFunc
	// cancelled is the order to end the run, nil until there is one.
	cancelled *audience.Decision
	// ending says that the run can only be closed.
	ending bool
	// issuedHere counts the batches issued in this history.
	issuedHere int
	// waits says that the run waits for a person.
	waits      bool
	searchedBy SearchedBy
	pace       Pace
	// work is how far long activities had come when nothing had moved for long.
	work int64
	// report is what the run was closed with, nil before; verdict is how it ended, as it
	// is searched for.
	report  *audience.Report
	verdict string
}

func newAudienceSync(ctx workflow.Context, in AudienceSyncInput) *audienceSync {
	run := &audienceSync{in: in, spec: in.Spec}
	if in.Carried != nil {
		run.opened, run.plan, run.progress = in.Carried.Opened, in.Carried.Plan, in.Carried.Progress
		run.queue = queue{stages: in.Carried.Stages, first: in.Carried.First, last: in.Carried.Last}
		run.brakes, run.postponed = in.Carried.Brakes, in.Carried.Postponed
		run.approved, run.askedBefore = in.Carried.Approved, in.Carried.AskedBefore
		run.proving = in.Carried.Proving
		run.window = cmp.Or(in.Carried.Window, run.opened.Window)
		run.searchedBy, run.pace = in.Carried.SearchedBy, in.Carried.Pace
		return run
	}
	run.progress = Progress{Sync: in.Spec.Sync, Phase: PhaseOpen, StartedAt: workflow.Now(ctx), MovedAt: workflow.Now(ctx)}
	return run
}

func (r *audienceSync) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, QueryProgress,
		func() (Progress, error) { return r.seen(ctx), nil },
		workflow.QueryHandlerOptions{Description: "How far the run has come: phase, members, batches, segment count, what it waits for."})
	if err != nil {
		return err
	}
	return r.handleUpdates(ctx)
}

func (r *audienceSync) run(ctx workflow.Context) (*audience.Report, error) {
	r.forgetVerdict(ctx)
	r.watchStall(ctx)
	report, err := r.runToItsEnd(ctx)
	if r.report != nil || !workflow.IsContinueAsNewError(err) {
		r.end(ctx, err)
	}
	return report, err
}

// end lets the web UI show how the run ended. A run that is followed by another one in
// the same workflow has ended as well.
func (r *audienceSync) end(ctx workflow.Context, err error) {
	r.verdict = endWord(r.report, err)
	r.letFind(ctx)
	r.remember(ctx)
	r.show(ctx)
}

func (r *audienceSync) runToItsEnd(ctx workflow.Context) (*audience.Report, error) {
	proved, err := r.steps(ctx)
	switch {
	case workflow.IsContinueAsNewError(err):
		return nil, err
	case err != nil:
		return nil, r.abandon(ctx, err)
	case r.in.PlanOnly:
		return r.closePlanned(ctx)
	}
	return r.close(ctx, proved)
}

// steps goes through read, decide, send and prove, from wherever the run stands.
func (r *audienceSync) steps(ctx workflow.Context) (proof, error) {
	for _, step := range []struct {
		phase Phase
		do    func(workflow.Context) error
	}{
		{PhaseOpen, r.open}, {PhaseRead, r.read}, {PhaseDecide, r.decide}, {PhaseGate, r.gate}, {PhaseSend, r.send},
	} {
		if r.isPast(step.phase) {
			continue
		}
		if r.skips(step.phase) {
			continue
		}
		if r.in.PlanOnly && step.phase == PhaseGate {
			return proof{}, nil
		}
		r.enter(ctx, step.phase)
		if err := step.do(ctx); err != nil {
			return proof{}, err
		}
	}
	r.enter(ctx, PhaseProve)
	return r.prove(ctx)
}

// skips reports whether the run has nothing to do in a phase.
func (r *audienceSync) skips(phase Phase) bool {
	switch {
	case r.in.Retire:
		return phase == PhaseRead
	case r.in.VerifyOnly:
		return phase != PhaseOpen
	case r.in.Audit:
		return phase != PhaseOpen && phase != PhaseRead
	default:
		return false
	}
}

func (r *audienceSync) isPast(phase Phase) bool { return phase.Before(r.progress.Phase) }

func (r *audienceSync) enter(ctx workflow.Context, phase Phase) {
	if r.progress.Phase != phase { // It may go on in a new history.
		r.progress.Phase = phase
		r.pace = Pace{}
	}
	r.moved(ctx)
	r.show(ctx)
	if phase.Before(PhaseClose) { // How it ended is not known yet.
		r.letFind(ctx)
	}
}

func (r *audienceSync) open(ctx workflow.Context) error {
	// The first run id stays the same however often the run continues as new.
	token := workflow.GetInfo(ctx).FirstRunID
	if r.in.Repairs > 0 {
		token = fmt.Sprintf("%s/%d", token, r.in.Repairs)
	}
	ctx = workflow.WithActivityOptions(ctx, asking("check connections, tags, properties, segment; open the run"))
	input := activities.OpenRunInput{
		Token: token, StartedAt: r.progress.StartedAt, Spec: r.spec, Full: r.in.Full, Recreate: r.in.Recreate, PlanOnly: r.in.PlanOnly,
		Retire: r.in.Retire, VerifyOnly: r.in.VerifyOnly, Audit: r.in.Audit,
	}
	if err := workflow.ExecuteActivity(ctx, do.OpenRun, input).Get(ctx, &r.opened); err != nil {
		if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok && refused.HasDetails() {
			_ = refused.Details(&r.opened.Search) // Without them the run has no search attributes.
		}
		return err
	}
	r.progress.Run, r.window = r.opened.Run.Run, r.opened.Window
	if r.opened.Ledger == "" {
		return nil
	}
	return workflow.UpsertMemo(ctx, map[string]any{
		activities.MemoLedger: r.opened.Ledger, activities.MemoWorkspace: r.opened.Workspace,
	})
}

func (r *audienceSync) read(ctx workflow.Context) error {
	for {
		if err := r.awaitResume(ctx); err != nil {
			return err
		}
		options := enduring("pages from " + audience.Thousands(r.progress.Pages+1))
		var result activities.ReadPagesResult
		input := activities.ReadPagesInput{Run: r.opened.Run, Page: r.progress.Pages}
		err := r.withAccess(ctx, func() error {
			return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.ReadPages, input).Get(ctx, &result)
		})
		if err != nil {
			return err
		}
		r.progress.Pages = result.Page
		r.progress.Read += result.Read
		r.progress.ToSend += result.Staged
		r.progress.add(result.Outcomes)
		r.moved(ctx)
		r.show(ctx)
		if result.Complete {
			return nil
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return r.continueAsNew(ctx)
		}
	}
}

func (r *audienceSync) decide(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, enduring("decide what has to change"))
	input := activities.DecideInput{Run: r.opened.Run, Expect: r.in.Expect}
	// A plan of its own: what JSON leaves out would stay as the last plan has it.
	var plan activities.Plan
	if err := workflow.ExecuteActivity(ctx, do.Decide, input).Get(ctx, &plan); err != nil {
		return err
	}
	r.plan = plan
	// Who left goes first: should Hello Charles hold a leaver and a member as one
	// contact, the member's marker comes last.
	r.queue = queue{stages: []activities.Numbers{r.plan.LeaverBatches, r.plan.MemberBatches, r.plan.MarkBatches}}
	r.progress.Plan = &r.plan.Plan
	r.progress.Batches = r.plan.Batches
	r.progress.ToSend = r.plan.ToSend + r.plan.MarkedAgain
	if r.plan.LeaverBatches.Count() > 0 {
		r.progress.ToSend += r.plan.Leavers - r.plan.KnownLeavers
	}
	return nil
}

// close ends the run with its report. A verdict that is not good enough fails
// the workflow, so that it is red in Temporal's web UI.
func (r *audienceSync) close(ctx workflow.Context, proved proof) (*audience.Report, error) {
	r.enter(ctx, PhaseClose)
	r.ending = true
	// All is done: a cancellation that comes now must not leave the run open.
	calm, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	report, err := r.closeRun(calm, activities.CloseRunInput{
		Run: r.opened.Run, AudienceName: r.opened.AudienceName, Counted: proved.counted.Counted, Why: proved.counted.Why,
		Comparison: proved.compared.Comparison, NotCompared: proved.compared.Why, ReadBack: proved.readBack, VerifyOnly: r.in.VerifyOnly, Audit: r.in.Audit, Retire: r.in.Retire,
		Entered: proved.counted.Counted != nil && r.in.Entered != nil, Plan: r.progress.Plan, Decisions: r.progress.Decisions,
	})
	if err != nil {
		return nil, err
	}
	if r.repairs(report) {
		r.progress.Phase = PhaseDone // The next one begins anew.
		if next := r.repair(ctx); next != nil {
			return nil, next
		}
	}
	r.enter(ctx, PhaseDone)
	switch {
	case report.Verdict == audience.Unexplained:
		return nil, temporal.NewNonRetryableApplicationError(report.Summary, activities.TypeVerdictUnexplained, nil, report)
	case !report.Acceptable && (report.Verdict == audience.Explained || r.spec.Verification.None):
		return nil, temporal.NewNonRetryableApplicationError(report.Summary, activities.TypeVerdictOutside, nil, report)
	}
	return report, nil
}

// closePlanned ends a run that was asked for its plan only.
func (r *audienceSync) closePlanned(ctx workflow.Context) (*audience.Report, error) {
	r.enter(ctx, PhaseClose)
	r.ending = true
	calm, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	report, err := r.closeRun(calm, activities.CloseRunInput{
		Run: r.opened.Run, AudienceName: r.opened.AudienceName, Ended: audience.EndedPlanned, Plan: r.progress.Plan,
		Notes: r.opened.Notes,
	})
	if err == nil {
		r.enter(ctx, PhaseDone)
	}
	return report, err
}

// abandon closes a run that failed or was cancelled: the ledger keeps what is
// known and drops what was staged.
func (r *audienceSync) abandon(ctx workflow.Context, cause error) error {
	r.ending = true
	if r.opened.Run.Run == 0 {
		return cause
	}
	input := activities.CloseRunInput{
		Run: r.opened.Run, AudienceName: r.opened.AudienceName, Ended: audience.EndedFailed,
		Plan: r.progress.Plan, Decisions: r.progress.Decisions, VerifyOnly: r.in.VerifyOnly, Audit: r.in.Audit, Retire: r.in.Retire,
	}
	stopped := endOfHold(cause)
	switch {
	case temporal.IsCanceledError(cause):
		input.Ended, input.Why = audience.EndedCancelled, r.whoCancelled()
	case stopped == activities.TypeDeclined:
		input.Ended, input.Why = audience.EndedDeclined, messageOf(cause)
	case stopped == activities.TypeNotApproved:
		input.Why = messageOf(cause)
	}
	calm, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	report, err := r.closeRun(calm, input)
	if err != nil {
		workflow.GetLogger(ctx).Warn("the run could not be closed in the ledger; the next run of the sync will fold it",
			"sync", r.spec.Sync, "run", r.opened.Run.Run, "error", err)
		return cause
	}
	switch {
	case input.Ended == audience.EndedCancelled:
		return temporal.NewCanceledError(report)
	case stopped != "":
		return temporal.NewNonRetryableApplicationError(messageOf(cause), stopped, nil, report)
	}
	return cause
}

// endOfHold returns the type of the error of a run that ended because nobody
// approved it, or somebody declined; of others nothing.
func endOfHold(cause error) string {
	if said, ok := errors.AsType[*temporal.ApplicationError](cause); ok {
		switch said.Type() {
		case activities.TypeNotApproved, activities.TypeDeclined:
			return said.Type()
		}
	}
	return ""
}

func (r *audienceSync) closeRun(ctx workflow.Context, input activities.CloseRunInput) (*audience.Report, error) {
	var report audience.Report
	ctx = workflow.WithActivityOptions(ctx, enduring("write the report, drop the staging"))
	if err := workflow.ExecuteActivity(ctx, do.CloseRun, input).Get(ctx, &report); err != nil {
		return nil, err
	}
	r.report = &report
	return &report, nil
}

// continueAsNew goes on in a new history. The window is empty and no message
// is unread when it is called.
func (r *audienceSync) continueAsNew(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	// The new history would not know that this one was cancelled.
	if err := ctx.Err(); err != nil {
		return err
	}
	next := r.in
	next.Carried = &Carried{
		Opened: r.opened, Plan: r.plan, Approved: r.approved, Progress: r.progress,
		Stages: r.queue.stages, AskedBefore: r.askedBefore, First: r.queue.first, Last: r.queue.last,
		Brakes: r.brakes, Postponed: r.postponed, Proving: r.proving, SearchedBy: r.searchedBy, Pace: r.pace,
	}
	if r.window != r.opened.Window {
		next.Carried.Window = r.window
	}
	return workflow.NewContinueAsNewError(ctx, AudienceSync, next)
}

// do names the activities.
var do *activities.Activities
