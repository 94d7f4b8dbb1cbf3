package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
)

func (a *app) scheduleDescribeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "describe SYNC",
		Short: "Show the schedules of a sync: the next ten times, and the last ten with verdicts",
		Long: `Show the schedules of a sync: when they act, the next ten times, and the last ten with
how they ended. Given the sync's file, it also says whether that is the one that is
pinned. A last time whose end is forgotten is older than Temporal keeps workflows.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			var file *config.Sync
			name, err := syncName(args[0])
			if err != nil {
				return err
			}
			if name != args[0] {
				spec, err := loadSync(args[0])
				if err != nil {
					return err
				}
				file = &spec
			}
			c, err := a.dial(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.describeSchedules(cmd.Context(), c, name, file)
		},
	}
}

// described is how many of the next times are shown; Temporal keeps as many last ones.
const described = 10

// describedSchedule is all that is shown of a schedule.
type describedSchedule struct {
	shownSchedule

	Cadence config.Cadence `json:"cadence"`
	// Pinned is the digest of the sync that runs are started with.
	Pinned string `json:"pinned"`
	// Differs names what is otherwise in the sync file that was given.
	Differs []schedule.Difference `json:"differs,omitempty"`
	Started int                   `json:"started"`
	Missed  int                   `json:"missed"`
	LeftOut int                   `json:"left_out"`
	Last    []schedule.Last       `json:"last"`

	// against says that a file was given, and asked that it has this schedule.
	against, asked bool
}

func (a *app) describeSchedules(ctx context.Context, c client.Client, sync string, file *config.Sync) error {
	list := []describedSchedule{}
	for _, kind := range schedule.Kinds() {
		found, err := schedule.Look(ctx, c, sync, kind)
		if err != nil {
			return scheduleError(sync, kind, "describing", err)
		}
		if found == nil {
			continue
		}
		described, err := a.describeSchedule(ctx, c, found, file)
		if err != nil {
			return err
		}
		list = append(list, described)
	}
	if len(list) == 0 {
		return usage("sync %s has no schedule: create it with: audiencesync schedule create SYNC.yaml", sync)
	}
	if a.output == outputJSON {
		return a.printJSON(list)
	}
	for i, s := range list {
		if i > 0 {
			if _, err := fmt.Fprintln(a.stdout); err != nil {
				return err
			}
		}
		if err := a.writeDescribed(s); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) describeSchedule(ctx context.Context, c client.Client, found *schedule.Found, file *config.Sync) (describedSchedule, error) {
	s := describedSchedule{
		Cadence: *found.Pinned.Cadence, Pinned: schedule.Digest(found.Pinned.Spec),
		Started: found.Started(), Missed: found.Missed(), LeftOut: found.LeftOut(),
	}
	var err error
	if s.shownSchedule, err = a.show(ctx, c, found, described); err != nil {
		return s, err
	}
	if s.Last, err = found.Last(ctx, c); err != nil {
		return s, scheduleError(found.Sync, found.Kind, "describing", err)
	}
	if file == nil {
		return s, nil
	}
	s.against = true
	wanted := schedule.Wanted{Spec: *file, Kind: found.Kind, Cadence: s.Cadence}
	for _, w := range schedule.In(*file) {
		if w.Kind == found.Kind {
			wanted, s.asked = w, true
		}
	}
	s.Differs, err = found.Differences(wanted)
	return s, err
}

func (a *app) writeDescribed(s describedSchedule) error {
	var text strings.Builder
	does := "runs"
	if s.Kind == schedule.Proofs {
		does = "is proved"
	}
	fmt.Fprintf(&text, "sync %s %s %s\n\n", s.Sync, does, s.When)
	for _, line := range [][2]string{
		{"state", state(s.Paused, s.Note)},
		{"note", s.noteWhileActive()},
		{"between", s.between()},
		{"delayed by", s.jitter()},
		{"catches up", "what is not older than " + s.Cadence.CatchUp.String()},
		{"pauses", s.pauses()},
		{"sync file", "pinned as " + s.Pinned + s.compared()},
		{"has started", s.counts()},
	} {
		if line[1] != "" {
			fmt.Fprintf(&text, " %-11s %s\n", line[0], line[1])
		}
	}
	next := "next"
	if s.Paused {
		next = "would be due"
	}
	text.WriteString("\n" + next + ":\n")
	for _, at := range s.Next {
		fmt.Fprintf(&text, " %s\n", inWords(at))
	}
	if len(s.Next) == 0 {
		text.WriteString(" never again\n")
	}
	text.WriteString("\n")
	if _, err := fmt.Fprint(a.stdout, text.String()); err != nil {
		return err
	}
	if len(s.Last) == 0 {
		_, err := fmt.Fprintln(a.stdout, "it has not acted yet")
		return err
	}
	rows := make([]table.Row, len(s.Last))
	for i, last := range s.Last {
		run := "-"
		if last.Run > 0 {
			run = fmt.Sprint(last.Run)
		}
		by := "this schedule"
		if last.Joined {
			by = "another run, or one before"
		}
		rows[i] = table.Row{inWords(last.FiredAt), endInWord(last.Ended), run, by}
	}
	return writeTable(a.stdout, table.Row{"last", "end", "run", "by"}, rows)
}

// endInWord is the end of a due run as list calls it. What ended a run that failed keeps
// its name.
func endInWord(ended string) string {
	switch ended {
	case activities.TypeOpenRefused, activities.TypeUnknownLabels:
		return "refused"
	case activities.TypeVerdictUnexplained:
		return string(audience.Unexplained)
	case activities.TypeVerdictOutside:
		return string(audience.Explained) + ", outside accept"
	case activities.TypeDeclined:
		return audience.EndedDeclined
	default:
		return ended
	}
}

// inWords is a moment with its day of the week and the name of its zone.
func inWords(at time.Time) string { return at.Format("Mon 2006-01-02 15:04:05 MST") }

// noteWhileActive is what was said when the schedule was resumed.
func (s describedSchedule) noteWhileActive() string {
	if s.Paused {
		return ""
	}
	return s.Note
}

func (s describedSchedule) between() string {
	var words []string
	if s.Cadence.Start != "" {
		words = append(words, "from "+string(s.Cadence.Start))
	}
	if s.Cadence.End != "" {
		words = append(words, "to "+string(s.Cadence.End))
	}
	return strings.Join(words, " ")
}

func (s describedSchedule) jitter() string {
	if s.Cadence.Jitter == 0 {
		return ""
	}
	return "up to " + s.Cadence.Jitter.String()
}

func (s describedSchedule) pauses() string {
	switch n := s.Cadence.PauseAfter; n {
	case 0:
		return "never by itself"
	case 1:
		return "after a failure"
	default:
		return fmt.Sprintf("after %d failures in a row", n)
	}
}

func (s describedSchedule) counts() string {
	text := audience.Count(s.Started, "time", "times")
	if s.Missed > 0 {
		text += fmt.Sprintf("; %d missed: Temporal came to them too late", s.Missed)
	}
	if s.LeftOut > 0 {
		text += fmt.Sprintf("; %d left out: others were waiting", s.LeftOut)
	}
	return text
}

// compared says how the file that was given differs from the one that is pinned.
func (s describedSchedule) compared() string {
	switch {
	case !s.against:
		return ""
	case len(s.Differs) > 0:
		return ", which is not the file as it is: " + joined(s.Differs)
	case !s.asked:
		return ", which is the file as it is; its times were given with --every or --cron, and do not stand in the file"
	default:
		return ", which is the file as it is"
	}
}
