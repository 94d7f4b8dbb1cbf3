package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

const (
	askEvery = 500 * time.Millisecond
	// sayEvery is how often a log gets a line.
	sayEvery = 5 * time.Second
	// askTimeout bounds one query; a worker that is not there does not answer.
	askTimeout = 3 * time.Second
	// lostFor is how long a Temporal server that does not answer is waited for.
	lostFor = 10 * time.Minute
	// steerTimeout bounds an order to a run.
	steerTimeout = 30 * time.Second
	// silentAfter is when a missing answer is said.
	silentAfter = 6 * time.Second
)

// watch shows the progress of a run until it ends.
func (a *app) watch(ctx context.Context, c client.Client, run client.WorkflowRun) (*audience.Report, error) {
	type end struct {
		report audience.Report
		err    error
	}
	ended := make(chan end, 1)
	await := func() {
		var e end
		e.err = run.Get(ctx, &e.report)
		ended <- e
	}
	go await()
	view := a.newView()
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case e := <-ended:
			if lostTouch(e.err) && ctx.Err() == nil && time.Since(view.answered) < lostFor {
				go await() // The run does not need us. The SDK tries for a minute.
				continue
			}
			view.finish()
			return &e.report, e.err
		case <-ticker.C:
			progress, err := askProgress(ctx, c, run.GetID())
			if err != nil {
				view.unanswered(ctx, c)
				continue
			}
			if why := holdOf(progress); why != "" {
				view.finish()
				return nil, &exitError{code: exitWaiting, err: errors.New(why)}
			}
			view.show(progress, waitingFor(ctx, c, run.GetID()))
		}
	}
}

// lostTouch reports whether an error is about the way to Temporal, and not
// about the run.
func lostTouch(err error) bool {
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); ended {
		return false
	}
	_, unavailable := errors.AsType[*serviceerror.Unavailable](err)
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	return unavailable || late || errors.Is(err, context.DeadlineExceeded)
}

func askProgress(ctx context.Context, c client.Client, id string) (workflows.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var progress workflows.Progress
	value, err := c.QueryWorkflow(ctx, id, "", workflows.QueryProgress)
	if err != nil {
		return progress, err
	}
	err = value.Get(&progress)
	return progress, err
}

// waitingFor returns why the run waits: the last failure of an activity that
// is being tried again, or nothing.
func waitingFor(ctx context.Context, c client.Client, id string) string {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	description, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return ""
	}
	return longestWait(description.GetPendingActivities())
}

// holdOf says what a run waits for a person for, and how to go on; empty when
// it does not.
func holdOf(p workflows.Progress) string {
	switch {
	case p.Hold != nil && p.Hold.Kind == workflows.HoldApproval:
		return fmt.Sprintf("sync %s, run %d: %s; the run waits until %s: audiencesync approve %s, or decline%s",
			p.Sync, p.Run, p.Hold.Why, p.Hold.Until.Local().Format(time.DateTime), p.Sync, numbersOfGate(p))
	case p.Hold != nil:
		return fmt.Sprintf("%s; the run waits until %s: give access back, then audiencesync resume %s",
			p.Hold.Why, p.Hold.Until.Local().Format(time.DateTime), p.Sync)
	case p.Paused != nil:
		return fmt.Sprintf("sync %s: %s; go on with audiencesync resume %s", p.Sync, p.Paused.Why, p.Sync)
	}
	return ""
}

// numbersOfGate says where the numbers are that a run waits at the gate for.
func numbersOfGate(p workflows.Progress) string {
	if !atGate(p) {
		return ""
	}
	return "; the numbers: audiencesync status " + p.Sync
}

// longestWait says why the activity waits that was tried most often. Temporal
// lists activities in no order.
func longestWait(activities []*workflowpb.PendingActivityInfo) (why string) {
	most := int32(1)
	for _, pending := range activities {
		if pending.GetAttempt() > most && pending.GetLastFailure().GetMessage() != "" {
			most = pending.GetAttempt()
			why = fmt.Sprintf("%s (attempt %d)", pending.GetLastFailure().GetMessage(), most)
		}
	}
	return why
}

// view shows progress: a bar on a terminal, calm lines in a log.
type view struct {
	app      *app
	bar      *progressbar.ProgressBar
	phase    workflows.Phase
	lastSaid time.Time
	lastWhy  string
	answered time.Time
	warned   bool
}

func (a *app) newView() *view { return &view{app: a, answered: time.Now()} }

func (v *view) show(p workflows.Progress, why string) {
	v.answered, v.warned = time.Now(), false
	if why != "" && why != v.lastWhy {
		v.line("waiting: " + why)
	}
	v.lastWhy = why
	// A worker that has just taken the run over may answer from the past.
	if p.Phase.Before(v.phase) {
		return
	}
	if v.app.quiet {
		return
	}
	if v.app.isPerson(v.app.stderr) {
		v.showBar(p)
		return
	}
	if p.Phase != v.phase || time.Since(v.lastSaid) >= sayEvery {
		v.phase, v.lastSaid = p.Phase, time.Now()
		v.app.say("%s", describe(p))
	}
}

func (v *view) showBar(p workflows.Progress) {
	if p.Phase != v.phase {
		v.finish()
		v.phase = p.Phase
		v.bar = v.app.newBar(p)
	}
	if p.Phase == workflows.PhaseSend {
		_ = v.bar.Set64(p.Settled)
		return
	}
	v.bar.Describe(describe(p))
}

// newBar is a bar for sending, whose end is known, and a spinner for the rest.
func (a *app) newBar(p workflows.Progress) *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
	}
	if p.Phase != workflows.PhaseSend {
		return progressbar.NewOptions64(-1, append(options, progressbar.OptionSetDescription(describe(p)))...)
	}
	return progressbar.NewOptions64(p.ToSend, append(options,
		progressbar.OptionSetDescription(string(p.Phase)), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("members"), progressbar.OptionSetPredictTime(true))...)
}

// unanswered says, once, who does not answer.
func (v *view) unanswered(ctx context.Context, c client.Client) {
	if v.warned || ctx.Err() != nil || time.Since(v.answered) < silentAfter {
		return
	}
	v.warned = true
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		v.line("Temporal does not answer: the run goes on when it is back")
		return
	}
	v.line("no worker answers: the run waits in Temporal until one is there (start one with \"audiencesync up\" or audiencesync-worker)")
}

func (v *view) line(text string) {
	if v.bar != nil {
		_ = v.bar.Clear()
	}
	v.app.say("%s", text)
}

func (v *view) finish() {
	if v.bar != nil {
		_ = v.bar.Finish()
		v.bar = nil
	}
}

// describe is the progress in one line.
func describe(p workflows.Progress) string {
	switch p.Phase {
	case workflows.PhaseOpen:
		return "open: checking connections, tags, properties and the segment"
	case workflows.PhaseRead:
		return fmt.Sprintf("read: %s members in %s pages", audience.Thousands(p.Read), audience.Thousands(p.Pages))
	case workflows.PhaseSend:
		unmarked := ""
		if p.Plan != nil && p.Plan.ToUnmark() > 0 {
			unmarked = fmt.Sprintf(", %s of %s leavers unmarked", audience.Thousands(p.Leavers.Removed), audience.Thousands(p.Plan.ToUnmark()))
		}
		return fmt.Sprintf("send: %s of %s members settled, %s accepted%s, %d batches under way",
			audience.Thousands(p.Settled), audience.Thousands(p.ToSend), audience.Thousands(p.Outcomes.Taken()), unmarked, p.InFlight)
	case workflows.PhaseProve:
		if p.Counted != nil && p.Expected != nil {
			return fmt.Sprintf("prove: the segment counts %s contacts, %s are expected", audience.Thousands(*p.Counted), audience.Thousands(*p.Expected))
		}
		return "prove: counting the segment"
	default:
		return string(p.Phase)
	}
}
