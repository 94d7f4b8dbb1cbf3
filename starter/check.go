package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// checkTimeout bounds a check as a whole, also when no worker takes it.
const checkTimeout = 5 * time.Minute

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check SYNC.yaml",
		Short: "Check everything that can be known before a run; nothing is read or sent",
		Args:  oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.check(cmd.Context(), c, spec)
		},
	}
}

func (a *app) check(ctx context.Context, c client.Client, spec config.Sync) error {
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.CheckID(spec.Sync),
		TaskQueue:                workflows.TaskQueue,
		WorkflowExecutionTimeout: checkTimeout,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
		StaticSummary:            workflows.Summary(spec),
		StaticDetails:            "Asks all that a run asks before it reads; nothing is read or sent.",
	}, workflows.CheckSync, activities.CheckSyncInput{Spec: spec})
	if err != nil {
		return &exitError{code: exitFailed, err: fmt.Errorf("checking sync %s: %w", spec.Sync, err)}
	}
	stopHint := time.AfterFunc(silentAfter, func() {
		a.say("still checking; if this takes long, see whether a worker is running (\"audiencesync up\" or audiencesync-worker)")
	})
	defer stopHint.Stop()
	var result activities.CheckSyncResult
	if err := run.Get(ctx, &result); err != nil {
		if ctx.Err() != nil {
			return &exitError{code: exitInterrupted}
		}
		return outcomeOf(spec.Sync, nil, err).err
	}
	if a.output == outputJSON {
		err = a.printJSON(result)
	} else {
		err = writeCheck(a.stdout, spec, result)
	}
	if err != nil {
		return err
	}
	if len(result.Problems) > 0 {
		return &exitError{code: exitUsage, err: errors.New("the sync cannot run as it is; nothing was sent")}
	}
	return nil
}

func writeCheck(w io.Writer, spec config.Sync, result activities.CheckSyncResult) error {
	var text strings.Builder
	named := result.Audience
	if named.ID == "" { // Zeotap does not know it, or was not asked.
		named.ID = spec.Audience.ID
	}
	fmt.Fprintf(&text, "sync %s: audience %s into %s\n", spec.Sync, strings.TrimSpace(named.ID+" "+named.Name), spec.Destination)
	if result.Size != nil {
		fmt.Fprintf(&text, "Zeotap reports %s (%s)\n", audience.Count(result.Size.Value, "member", "members"), orUnknown(result.Size.Basis))
		sends := "a first run sends"
		if result.Begun {
			sends = "the next run sends what has changed; everybody again (run --full) would be"
		}
		fmt.Fprintf(&text, "%s about %s, which takes at least %s at the connection's limits\n",
			sends, audience.Count(result.Requests, "request", "requests"), audience.Spell(time.Duration(result.Seconds*float64(time.Second))))
	}
	for _, note := range result.Notes {
		text.WriteString("note: " + note + "\n")
	}
	for _, problem := range result.Problems {
		text.WriteString("problem: " + problem + "\n")
	}
	if slices.ContainsFunc(result.Problems, func(problem string) bool { return strings.Contains(problem, "connection") }) {
		text.WriteString("the connections file is read when the worker starts: after a change of it, start the worker again, and after one of a key in an environment variable too; a key in a file is looked up each time\n")
	}
	if len(result.Problems) == 0 {
		text.WriteString("ready to run\n")
		if !result.Begun {
			text.WriteString("not tried: the call that sends contacts; audiencesync try with --limit 1 sends one\n")
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func orUnknown(text string) string {
	if text == "" {
		return "basis not said"
	}
	return text
}
