package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/workflows"
)

func (a *app) approveCommand() *cobra.Command {
	return a.steerCommand("approve SYNC", "Let a run go on that waits for approval; once, for what it says it waits for",
		workflows.UpdateApprove, told{word: "approved", then: "the run goes on"})
}

func (a *app) declineCommand() *cobra.Command {
	return a.steerCommand("decline SYNC", "End a run that waits for approval", workflows.UpdateDecline, told{word: "declined", then: "the run ends"})
}

func (a *app) pauseCommand() *cobra.Command {
	return a.steerCommand("pause SYNC", "Let a run finish what is under way, then wait for resume",
		workflows.UpdatePause, told{word: "paused", then: "what is under way is finished; go on with audiencesync resume"})
}

func (a *app) resumeCommand() *cobra.Command {
	return a.steerCommand("resume SYNC", "Go on after a pause, or when access was given back", workflows.UpdateResume, told{word: "resumed", then: "the run goes on"})
}

// told is what the command line says of an order that a run has taken: a word,
// and what comes of it unless something holds the run.
type told struct{ word, then string }

// steerCommand tells a run something. It is acknowledged by the run itself,
// which keeps who said it and why.
func (a *app) steerCommand(use, short, update string, done told) *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), sync)
			if err != nil {
				return err
			}
			defer c.Close()
			asked, progress, err := a.steer(cmd.Context(), c, sync, update, why)
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.printJSON(progress)
			}
			then := done.then
			if atGate(asked) {
				then = decidedAtGate(update, *asked.Plan) + then
			}
			if holds := whatElseHolds(update, progress); holds != "" {
				then = "the run waits all the same: " + holds
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %s %s: %s\n", sync, numbered(progress.Run), done.word, then)
			return err
		},
	}
	command.Flags().StringVar(&why, "why", "", "a reason, for the run's record")
	return command
}

// steer gives the order. asked is how the run stood that an approval or a refusal is
// about, progress how it stands now.
func (a *app) steer(ctx context.Context, c client.Client, sync, update, why string) (asked, progress workflows.Progress, err error) {
	in := workflows.Steer{By: operator(), Why: why}
	if update == workflows.UpdateApprove || update == workflows.UpdateDecline {
		// The decision is about what the run waits for now.
		asked, err = askProgress(ctx, c, workflows.SyncID(sync))
		if err != nil {
			return asked, asked, steerError(sync, err)
		}
		if asked.Hold == nil || asked.Hold.Kind != workflows.HoldApproval {
			return asked, asked, nothingToDecide(ctx, c, asked)
		}
		in.Hold = asked.Hold.ID
		a.say("%s waits: %s", sync, asked.Hold.Why)
	}
	_, progress, err = a.giveOrder(ctx, c, sync, update, in)
	if errors.Is(err, errNoWorker) {
		err = failed(sync, fmt.Errorf("%w; the run may heed the order all the same when one is there: audiencesync status %s", errNoWorker, sync))
	}
	if answered(progress.Hold, update, in) {
		progress.Hold = nil
	}
	return asked, progress, err
}

// nothingToDecide says what there is instead of a run that waits for approval.
func nothingToDecide(ctx context.Context, c client.Client, p workflows.Progress) error {
	going, err := runsNow(ctx, c, p.Sync)
	switch hold := holdOf(p); {
	case err != nil:
		return err
	case !going:
		return usage("sync %s: no run waits for approval, and none is going; how the last one ended: audiencesync status %s", p.Sync, p.Sync)
	case hold != "":
		return usage("sync %s: the run waits, but for no approval: %s", p.Sync, hold)
	default:
		return usage("sync %s: run %d waits for no approval; it is at %s", p.Sync, p.Run, describe(p))
	}
}

// numbered names a run, which has no number yet where it is opened only now.
func numbered(run int64) string {
	if run == 0 {
		return "the run"
	}
	return fmt.Sprintf("run %d", run)
}

// giveOrder tells the run of a sync something, and returns what it acknowledges with.
// The error has its exit code.
func (a *app) giveOrder(ctx context.Context, c client.Client, sync, update string, in workflows.Steer) (run client.WorkflowRun, progress workflows.Progress, err error) {
	stopHint := time.AfterFunc(silentAfter, func() {
		a.say("the run has not answered yet; waiting for up to %s, and the order may be heeded later all the same", steerTimeout)
	})
	defer stopHint.Stop()
	ctx, cancel := context.WithTimeout(ctx, steerTimeout)
	defer cancel()
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.SyncID(sync), UpdateName: update, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &progress)
	}
	if err != nil {
		return nil, progress, steerError(sync, err)
	}
	return c.GetWorkflow(ctx, handle.WorkflowID(), handle.RunID()), progress, nil
}

// answered reports whether an order was what a hold waited for. The run still
// shows it when it acknowledges the order.
func answered(hold *workflows.Hold, update string, in workflows.Steer) bool {
	switch {
	case hold == nil:
		return false
	case update == workflows.UpdateResume:
		return hold.Kind == workflows.HoldAccess
	default:
		return in.Hold == hold.ID
	}
}

// whatElseHolds says what a run waits for after an order; empty when it goes
// on, or ends.
func whatElseHolds(update string, p workflows.Progress) string {
	switch update {
	case workflows.UpdateDecline:
		return ""
	case workflows.UpdatePause:
		p.Paused = nil
	}
	return holdOf(p)
}

var errNoWorker = errors.New("no worker answers; " + startWorker)

func steerError(sync string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return usage("sync %s: no run of it is going; audiencesync list shows all syncs", sync)
	}
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return &exitError{code: exitUsage, err: errors.New(said.Message())} // The run has refused it.
	}
	if _, away := errors.AsType[*serviceerror.Unavailable](err); away {
		return failed(sync, stripped(err))
	}
	// A server may know that no worker has asked for work of late.
	if _, nobody := errors.AsType[*serviceerror.FailedPrecondition](err); nobody || lostTouch(err) {
		return failed(sync, errNoWorker)
	}
	return failed(sync, err)
}

// operator names who gives an order: AUDIENCESYNC_OPERATOR, or the login.
func operator() string {
	if name := os.Getenv("AUDIENCESYNC_OPERATOR"); name != "" {
		return name
	}
	if who, err := user.Current(); err == nil && who.Username != "" {
		return who.Username
	}
	return "unknown"
}
