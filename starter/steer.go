package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"audiencesync/workflows"
)

func (a *app) approveCommand() *cobra.Command {
	return a.steerCommand("approve SYNC", "Let a run go on that waits for approval; once, for what it says it waits for",
		workflows.UpdateApprove, "approved: the run goes on")
}

func (a *app) declineCommand() *cobra.Command {
	return a.steerCommand("decline SYNC", "End a run that waits for approval", workflows.UpdateDecline, "declined: the run ends")
}

func (a *app) pauseCommand() *cobra.Command {
	return a.steerCommand("pause SYNC", "Let a run finish what is under way, then wait for resume",
		workflows.UpdatePause, "paused: what is under way is finished; go on with audiencesync resume")
}

func (a *app) resumeCommand() *cobra.Command {
	return a.steerCommand("resume SYNC", "Go on after a pause, or when access was given back", workflows.UpdateResume, "the run goes on")
}

// steerCommand tells a run something. It is acknowledged by the run itself,
// which keeps who said it and why.
func (a *app) steerCommand(use, short, update, done string) *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
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
			progress, err := a.steer(cmd.Context(), c, sync, update, why)
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.printJSON(progress)
			}
			_, err = fmt.Fprintf(a.stdout, "%s: run %d %s\n", sync, progress.Run, done)
			return err
		},
	}
	command.Flags().StringVar(&why, "why", "", "a reason, for the run's record")
	return command
}

func (a *app) steer(ctx context.Context, c client.Client, sync, update, why string) (workflows.Progress, error) {
	in := workflows.Steer{By: operator(), Why: why}
	if update == workflows.UpdateApprove || update == workflows.UpdateDecline {
		// The decision is about what the run waits for now.
		now, err := askProgress(ctx, c, workflows.SyncID(sync))
		if err != nil {
			return now, steerError(sync, err)
		}
		if now.Hold == nil || now.Hold.Kind != workflows.HoldApproval {
			return now, usage("sync %s: the run waits for no approval", sync)
		}
		in.Hold = now.Hold.ID
		a.say("%s waits: %s", sync, now.Hold.Why)
	}
	ctx, cancel := context.WithTimeout(ctx, steerTimeout)
	defer cancel()
	var progress workflows.Progress
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.SyncID(sync), UpdateName: update, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &progress)
	}
	return progress, steerError(sync, err)
}

func steerError(sync string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return usage("sync %s: no run of it is going", sync)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return failed(sync, errors.New("no worker answers; start one with \"audiencesync up\" or audiencesync-worker"))
	}
	return &exitError{code: exitFailed, err: err}
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
