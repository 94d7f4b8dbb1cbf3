package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// listedSync is a sync as the list shows it.
type listedSync struct {
	Sync string `json:"sync"`
	// Going is nil when no run of the sync is going.
	Going *goingRun `json:"going,omitempty"`
	// Last is the last run that has ended, nil where Temporal keeps none.
	Last *endedRun `json:"last,omitempty"`
	// Next is when the schedule starts the sync next; Scheduled says that it has one,
	// Paused that it is paused.
	Next      *time.Time `json:"next,omitempty"`
	Scheduled bool       `json:"scheduled"`
	Paused    bool       `json:"paused,omitempty"`

	ended []*workflowpb.WorkflowExecutionInfo
}

// goingRun is a run that is going.
type goingRun struct {
	StartedAt time.Time `json:"started_at"`
	// Run and Phase are what a worker says of it: 0 and empty when none answers.
	Run   int64           `json:"run,omitempty"`
	Phase workflows.Phase `json:"phase,omitempty"`
	// Waits is what it waits for a person for: approval, access or pause.
	Waits workflows.HoldKind `json:"waits,omitempty"`
}

const (
	// mostListed bounds how many runs are looked at for their syncs.
	mostListed = 20_000
	// mostAside is how many plans and proofs are passed over to find a run.
	mostAside = 5
	// askedAtOnce bounds the questions about runs that are under way at once.
	askedAtOnce = 8
)

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all syncs: which is going, how its last run ended, and when it is due next",
		Long: `List all syncs that Temporal knows of, by their runs and schedules: whether a run is going
and what it does, when and how the last one ended, and when the schedule starts the next.
Plans, proofs alone and audits are no runs here, unless there is nothing else. Temporal forgets
runs after the retention of its namespace; audiencesync history reads the ledger.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.dial(cmd.Context(), "")
			if err != nil {
				return err
			}
			defer c.Close()
			syncs, err := a.list(cmd.Context(), c)
			if err != nil {
				return &exitError{code: exitFailed, err: fmt.Errorf("listing syncs: %w", err)}
			}
			if a.output == outputJSON {
				return a.printJSON(syncs)
			}
			if len(syncs) > 0 {
				a.sayZone()
			}
			return a.writeList(syncs)
		},
	}
}

func (a *app) list(ctx context.Context, c client.Client) ([]*listedSync, error) {
	byName := map[string]*listedSync{}
	named := func(sync string) *listedSync {
		if byName[sync] == nil {
			byName[sync] = &listedSync{Sync: sync}
		}
		return byName[sync]
	}
	looked := 0
	err := eachRun(ctx, c, "", func(run *workflowpb.WorkflowExecutionInfo) bool {
		if sync, ours := workflows.SyncOf(run.GetExecution().GetWorkflowId()); ours {
			named(sync).add(run)
		}
		looked++
		return looked == mostListed
	})
	if err != nil {
		return nil, err
	}
	if looked == mostListed {
		a.say("only the newest %d runs were looked at: a sync without a schedule that has not run since is not listed", mostListed)
	}
	schedules, err := a.listSchedules(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, line := range schedules {
		if line.Kind != schedule.Runs {
			continue
		}
		listed := named(line.Sync)
		listed.Scheduled, listed.Paused = true, line.Paused
		if len(line.Next) > 0 && !line.Paused {
			listed.Next = &line.Next[0]
		}
	}
	syncs := make([]*listedSync, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		syncs = append(syncs, byName[name])
	}
	return syncs, askAll(ctx, c, syncs)
}

func (s *listedSync) add(run *workflowpb.WorkflowExecutionInfo) {
	if isGoing(run) {
		s.Going = &goingRun{StartedAt: run.GetStartTime().AsTime()}
		return
	}
	s.ended = append(s.ended, run)
}

// askAll learns what runs do that are going, and how those ended that are not.
func askAll(ctx context.Context, c client.Client, syncs []*listedSync) error {
	// Of all together: without a worker none of them answers.
	soon, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(askedAtOnce)
	for _, s := range syncs {
		if s.Going == nil {
			continue
		}
		asking.Go(func() error {
			s.Going.ask(soon, c, s.Sync)
			return nil
		})
	}
	_ = asking.Wait()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askedAtOnce)
	for _, s := range syncs {
		group.Go(func() error { return s.findLast(ctx, c) })
	}
	return group.Wait()
}

// ask learns what a run does. Without a worker that stays unknown.
func (g *goingRun) ask(ctx context.Context, c client.Client, sync string) {
	progress, err := askProgress(ctx, c, workflows.SyncID(sync))
	if err != nil {
		return
	}
	g.Run, g.Phase = progress.Run, progress.Phase
	switch {
	case progress.Hold != nil:
		g.Waits = progress.Hold.Kind
	case progress.Paused != nil:
		g.Waits = workflows.HoldPause
	}
}

// findLast finds the last run that has ended, or, without one, the last plan or proof.
func (s *listedSync) findLast(ctx context.Context, c client.Client) error {
	newestFirst(s.ended)
	for _, run := range s.ended[:min(len(s.ended), mostAside)] {
		end, err := endOf(ctx, c, run)
		if err != nil {
			return err
		}
		if s.Last == nil || !end.aside {
			s.Last = &end
		}
		if !end.aside {
			return nil
		}
	}
	return nil
}

func (a *app) writeList(syncs []*listedSync) error {
	if len(syncs) == 0 {
		a.say("Temporal knows of no sync: start one with audiencesync run SYNC.yaml")
		return nil
	}
	rows := make([]table.Row, len(syncs))
	for i, s := range syncs {
		ended, run, end := "-", "-", "-"
		if s.Last != nil {
			ended, end = clock(s.Last.EndedAt), s.Last.End
			if s.Last.Run > 0 {
				run = fmt.Sprint(s.Last.Run)
			}
		}
		rows[i] = table.Row{s.Sync, s.now(), ended, run, end, s.due()}
	}
	return writeTable(a.stdout, table.Row{"sync", "now", "last ended", "run", "end", "next due"}, rows)
}

// now says what the sync does.
func (s *listedSync) now() string {
	switch {
	case s.Going == nil:
		return "-"
	case s.Going.Waits == workflows.HoldPause:
		return "paused"
	case s.Going.Waits != "":
		return "waits for " + string(s.Going.Waits)
	case s.Going.Phase != "":
		return string(s.Going.Phase)
	default:
		return "going, no worker answers"
	}
}

// due says when the sync is started next.
func (s *listedSync) due() string {
	switch {
	case s.Next != nil:
		return clock(*s.Next)
	case s.Paused:
		return "paused"
	case s.Scheduled:
		return "never again"
	default:
		return "-"
	}
}

// sayZone says, once, in which time zone the times of a table are.
func (a *app) sayZone() {
	a.say("times are those of this machine: %s", time.Now().Local().Format("MST (UTC-07:00)"))
}

// clock is a time for people, in the time zone of this machine.
func clock(t time.Time) string { return t.Local().Format(time.DateTime) }
