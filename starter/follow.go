package main

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

const (
	askEvery = 500 * time.Millisecond
	// askTimeout bounds one query; a worker that is not there does not answer.
	askTimeout = 3 * time.Second
	// lostFor is how long a Temporal server that does not answer is waited for.
	lostFor = 10 * time.Minute
	// steerTimeout bounds an order to a run.
	steerTimeout = 30 * time.Second
	// silentAfter is when a missing answer is said.
	silentAfter = 6 * time.Second
)

// follow shows the progress of a run until it ends, or waits for a person.
func (a *app) follow(ctx context.Context, c client.Client, run client.WorkflowRun, view view) (*audience.Report, error) {
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
	answers := answers{view: view, last: time.Now()}
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case e := <-ended:
			if lostTouch(e.err) && ctx.Err() == nil && time.Since(answers.last) < lostFor {
				go await() // The run does not need us. The SDK tries for a minute.
				continue
			}
			return &e.report, both(view.end(), e.err)
		case <-ticker.C:
			progress, err := askProgress(ctx, c, run.GetID())
			if err != nil {
				answers.missing(ctx, c)
				continue
			}
			if !answers.came(progress) {
				continue
			}
			shown := view.show(standing{Progress: progress, Waiting: waitingFor(ctx, c, run.GetID())})
			if hold := holdOf(progress); hold != "" {
				return nil, both(both(shown, view.end()), &exitError{code: exitWaiting, err: errors.New(hold)})
			}
			if shown != nil {
				return nil, dataError(shown)
			}
		}
	}
}

// both returns the error that a run ended with, and one of showing it, if there is one.
func both(showing, err error) error {
	if showing == nil {
		return err
	}
	return errors.Join(err, dataError(showing))
}

// answers is what is known of who answers.
type answers struct {
	view view
	last time.Time
	// said is that a missing answer was said.
	said bool
	// startedAt and phase are those of the last answer.
	startedAt time.Time
	phase     workflows.Phase
}

// came takes note of an answer, and reports whether it is of now: a worker that has just
// taken the run over may answer from the past.
func (a *answers) came(p workflows.Progress) bool {
	a.last, a.said = time.Now(), false
	// A run that repairs another one begins anew.
	if p.StartedAt.Before(a.startedAt) || p.StartedAt.Equal(a.startedAt) && p.Phase.Before(a.phase) {
		return false
	}
	a.startedAt, a.phase = p.StartedAt, p.Phase
	return true
}

// missing says, once, who does not answer.
func (a *answers) missing(ctx context.Context, c client.Client) {
	if a.said || ctx.Err() != nil || time.Since(a.last) < silentAfter {
		return
	}
	a.said = true
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		a.view.line("Temporal does not answer: the run goes on when it is back")
		return
	}
	a.view.line("no worker answers: the run waits in Temporal until one is there (" + manning(ctx, c) + ")")
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

// waitingFor returns why the run waits: an activity that is tried again. nil is nothing,
// or that Temporal does not say.
func waitingFor(ctx context.Context, c client.Client, id string) *temporalclient.Waiting {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	pending, err := temporalclient.Pending(ctx, c, id, "")
	if err != nil {
		return nil
	}
	return temporalclient.WaitingFor(pending)
}
