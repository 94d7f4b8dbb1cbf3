package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/internal/temporalclient"
)

func (a *app) scheduleCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "schedule",
		Short: "Run a sync again and again, or prove it",
		Long: `Let Temporal run a sync again and again, and prove it besides. When, is said by the sync
file (schedule), or by flags. A sync has one schedule of runs and one of proofs at the
most; --verify means that of proofs.`,
	}
	command.AddCommand(a.scheduleCreateCommand(), a.scheduleUpdateCommand(), a.scheduleApplyCommand(), a.scheduleListCommand(), a.scheduleDescribeCommand(),
		a.schedulePauseCommand(), a.scheduleResumeCommand(), a.scheduleTriggerCommand(), a.scheduleDeleteCommand())
	return command
}

const verifyFlag = "verify"

// kindFlag says which schedule of a sync is meant.
type kindFlag struct{ verify bool }

func (k *kindFlag) add(command *cobra.Command) {
	command.Flags().BoolVar(&k.verify, verifyFlag, false, "the schedule of proofs, not that of runs")
}

func (k *kindFlag) kind() schedule.Kind {
	if k.verify {
		return schedule.Proofs
	}
	return schedule.Runs
}

// onSchedule is a command about the one schedule that a sync has of a kind.
func (a *app) onSchedule(use, short string, add func(*cobra.Command), do func(ctx context.Context, c client.Client, found *schedule.Found) error) *cobra.Command {
	var which kindFlag
	command := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := syncName(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer c.Close()
			found, err := look(cmd.Context(), c, name, which.kind())
			if err != nil {
				return err
			}
			return do(cmd.Context(), c, found)
		},
	}
	which.add(command)
	if add != nil {
		add(command)
	}
	return command
}

// look returns the schedule of a sync, which must be there.
func look(ctx context.Context, c client.Client, sync string, kind schedule.Kind) (*schedule.Found, error) {
	found, err := schedule.Look(ctx, c, sync, kind)
	if err != nil {
		return nil, scheduleError(sync, kind, "describing", err)
	}
	if found == nil {
		return nil, missing(ctx, c, sync, kind)
	}
	return found, nil
}

// missing says that a sync has no schedule of a kind, and whether it has the other one.
func missing(ctx context.Context, c client.Client, sync string, kind schedule.Kind) error {
	other, hint := schedule.Proofs, "; it has one of proofs: add --verify"
	if kind == schedule.Proofs {
		other, hint = schedule.Runs, "; it has one of runs: leave --verify out"
	}
	if found, err := schedule.Look(ctx, c, sync, other); err != nil || found == nil {
		hint = "; audiencesync schedule list shows all"
	}
	return usage("sync %s has no schedule%s%s", sync, ofKind(kind), hint)
}

// ofKind tells a schedule of proofs from the usual one.
func ofKind(kind schedule.Kind) string {
	if kind == schedule.Proofs {
		return " of proofs"
	}
	return ""
}

// theSchedule names a schedule.
func theSchedule(sync string, kind schedule.Kind) string {
	return fmt.Sprintf("the schedule%s of sync %s", ofKind(kind), sync)
}

// scheduleError says what could not be done with a schedule.
func scheduleError(sync string, kind schedule.Kind, doing string, err error) error {
	switch {
	case errors.Is(err, schedule.ErrMissing):
		return usage("sync %s has no schedule%s any more", sync, ofKind(kind))
	case lostTouch(err):
		err = stripped(err)
	}
	return &exitError{code: exitFailed, err: fmt.Errorf("%s %s: %w", doing, theSchedule(sync, kind), err)}
}

// shownSchedule is a schedule as it is printed.
type shownSchedule struct {
	Sync string        `json:"sync"`
	Kind schedule.Kind `json:"kind"`
	// When says in words when it acts.
	When   string `json:"when"`
	Paused bool   `json:"paused"`
	Note   string `json:"note,omitempty"`
	// Next are the next times at which it acts, in the time zone of the schedule.
	Next []time.Time `json:"next"`
}

// nextShown is how many of the next times a command tells that is not about them.
const nextShown = 3

// show gathers what is printed of a schedule.
func (a *app) show(ctx context.Context, c client.Client, found *schedule.Found, next int) (shownSchedule, error) {
	shown := shownSchedule{Sync: found.Sync, Kind: found.Kind, When: found.Words(), Paused: found.Paused(), Note: found.Note()}
	namespace, err := a.namespaceName()
	if err != nil {
		return shown, err
	}
	if shown.Next, err = found.Next(ctx, c, namespace, time.Now(), next); err != nil {
		return shown, scheduleError(found.Sync, found.Kind, "describing", err)
	}
	return shown, nil
}

// namespaceName is the namespace that dial connects to.
func (a *app) namespaceName() (string, error) {
	options, err := temporalclient.Load(temporalclient.Options{Address: a.address, Namespace: a.namespace, Logger: zap.NewNop()})
	return options.Namespace, err
}

// sayPaused says that a schedule starts nothing by itself.
func (a *app) sayPaused(s shownSchedule) {
	if s.Paused {
		a.say("it is %s: it starts nothing before somebody resumes it", state(s.Paused, s.Note))
	}
}

// writeNext tells the next times at which a schedule acts or, while it is paused, would.
func (a *app) writeNext(s shownSchedule) error {
	what := "next run"
	switch {
	case s.Paused:
		what = "would be due"
	case s.Kind == schedule.Proofs:
		what = "next proof"
	}
	for _, at := range s.Next {
		if _, err := fmt.Fprintf(a.stdout, "%s: %s\n", what, at.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

// state says whether a schedule is paused, and what was said then.
func state(paused bool, note string) string {
	switch {
	case !paused:
		return "active"
	case note == "" || strings.HasPrefix(note, "paused"):
		return cmp.Or(note, "paused")
	default:
		return "paused: " + note
	}
}

// warn tells what is seldom meant of when something is due.
func (a *app) warn(w schedule.Wanted) {
	if warning := w.Cadence.Warning(); warning != "" {
		a.say("warning: %s: %s", theSchedule(w.Spec.Sync, w.Kind), warning)
	}
}

// refuseProof refuses proofs of a sync that has no segment.
func refuseProof(file string, spec config.Sync) error {
	if spec.Verification.Segment == "" {
		return usage("%s: the sync names no segment that could be proved: set verification.segment", file)
	}
	return nil
}
