package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

const (
	rateFlag   = "requests-per-second"
	flightFlag = "in-flight"
	clearFlag  = "clear"
)

// limitsTimeout bounds an order about limits: one that no worker takes has no effect
// later.
const limitsTimeout = 30 * time.Second

func (a *app) limitsCommand() *cobra.Command {
	in := activities.SetLimitsInput{}
	var rate float64
	var inFlight int
	command := &cobra.Command{
		Use:   "limits CONNECTION",
		Short: "Show or change how fast a Hello Charles workspace is asked, while runs are going",
		Long: `Show the limits of the workspace that a connection leads to, or change them while runs are
going. What is set here wins over the connections file, for all workers and all syncs of
the workspace, from the next request on and until --clear. In place of a connection the
workspace itself may be named: its address and source type, as in "https://acme.hello-charles.com zeotap".

Requests in flight are those of one worker. Who has set what, and why, is in Temporal's
history, in the answer of this command, and in the report of a run that was going.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Connection, in.By = args[0], operator()
			if cmd.Flags().Changed(rateFlag) {
				in.RequestsPerSecond = &rate
			}
			if cmd.Flags().Changed(flightFlag) {
				in.RequestsInFlight = &inFlight
			}
			if err := in.Check(); err != nil {
				return usage("%w", err)
			}
			if in.Why != "" && !in.Changes() {
				return usage("--why: there is nothing to change; name what with --%s, --%s or --%s", rateFlag, flightFlag, clearFlag)
			}
			c, err := a.dial(cmd.Context(), "")
			if err != nil {
				return err
			}
			defer c.Close()
			limits, err := setLimitsWithin(cmd.Context(), c, in, limitsTimeout)
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.printJSON(limits)
			}
			return writeLimits(a.stdout, limits)
		},
	}
	flags := command.Flags()
	flags.Float64Var(&rate, rateFlag, 0, "set the request rate that is never passed")
	flags.IntVar(&inFlight, flightFlag, 0, "set how many requests of one worker may be under way at once")
	flags.BoolVar(&in.Clear, clearFlag, false, "go back to the limits of the connections file")
	flags.StringVar(&in.Why, "why", "", "a reason, for the record")
	command.MarkFlagsMutuallyExclusive(clearFlag, rateFlag)
	command.MarkFlagsMutuallyExclusive(clearFlag, flightFlag)
	return command
}

// setLimitsWithin shows or changes the limits of a workspace through a worker, within
// this time or not at all.
func setLimitsWithin(ctx context.Context, c client.Client, in activities.SetLimitsInput, timeout time.Duration) (activities.LimitsInForce, error) {
	var limits activities.LimitsInForce
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.LimitsID(in.Connection, uuid.NewString()), TaskQueue: workflows.TaskQueue,
		WorkflowExecutionTimeout: timeout, StaticSummary: summaryOfLimits(in),
	}, workflows.SetLimits, in)
	if err == nil {
		err = run.Get(ctx, &limits)
	}
	if err == nil {
		return limits, nil
	}
	if ctx.Err() != nil {
		return limits, &exitError{code: exitInterrupted}
	}
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case ok && said.Type() == activities.TypeOpenRefused:
		return limits, usage("limits of %s: %s", in.Connection, said.Message())
	case ok:
		err = errors.New(said.Message())
	case temporal.IsTimeoutError(err):
		err = fmt.Errorf("no answer within %s: see whether a worker is running (\"audiencesync up\" or audiencesync-worker) and its ledger answers, then look again", timeout)
	}
	return limits, &exitError{code: exitFailed, err: fmt.Errorf("limits of %s: %w", in.Connection, err)}
}

// summaryOfLimits is the one line that Temporal's web UI shows for an order.
func summaryOfLimits(in activities.SetLimitsInput) string {
	switch {
	case in.Clear:
		return fmt.Sprintf("limits of %s are those of the connections file again, says %s", in.Connection, in.By)
	case in.Changes():
		var set []string
		if in.RequestsPerSecond != nil {
			set = append(set, fmt.Sprintf("%g requests a second", *in.RequestsPerSecond))
		}
		if in.RequestsInFlight != nil {
			set = append(set, fmt.Sprintf("%d in flight", *in.RequestsInFlight))
		}
		return fmt.Sprintf("limits of %s are set to %s by %s", in.Connection, strings.Join(set, " and "), in.By)
	default:
		return fmt.Sprintf("limits of %s are shown to %s", in.Connection, in.By)
	}
}

func writeLimits(w io.Writer, l activities.LimitsInForce) error {
	if _, err := fmt.Fprintf(w, "workspace %s (%s)\n", l.Workspace, strings.Join(l.Connections, ", ")); err != nil {
		return err
	}
	row := func(name string, inForce, file, set float64) table.Row {
		shown := "-"
		if set > 0 {
			shown = fmt.Sprintf("%g", set)
		}
		return table.Row{name, fmt.Sprintf("%g", inForce), fmt.Sprintf("%g", file), shown}
	}
	err := writeTable(w, table.Row{"", "in force", "connections file", "set"}, []table.Row{
		row("requests per second", l.RequestsPerSecond, l.File.RequestsPerSecond, l.Set.RequestsPerSecond),
		row("requests in flight", float64(l.RequestsInFlight), float64(l.File.RequestsInFlight), float64(l.Set.RequestsInFlight)),
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, notesOfLimits(l))
	return err
}

// notesOfLimits say who has changed the limits, and what else slows requests down.
func notesOfLimits(l activities.LimitsInForce) string {
	var text strings.Builder
	if !l.ChangedAt.IsZero() {
		what := "set"
		if l.Set == (activities.RateAndFlight{}) {
			what = "cleared"
		}
		fmt.Fprintf(&text, "%s by %s at %s", what, l.ChangedBy, clock(l.ChangedAt))
		if l.Why != "" {
			fmt.Fprintf(&text, ": %s", printable(l.Why, ""))
		}
		text.WriteString("\n")
	}
	if l.RateNow < l.RequestsPerSecond {
		fmt.Fprintf(&text, "Hello Charles has refused requests: now %.3g a second, rising\n", l.RateNow)
	}
	if l.ToldSeconds > 0 {
		fmt.Fprintf(&text, "Hello Charles has asked to wait: %s more\n", audience.Spell(time.Duration(l.ToldSeconds*float64(time.Second))))
	}
	return text.String()
}
