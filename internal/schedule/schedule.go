// Package schedule keeps the Temporal schedules of syncs: what one looks like on the
// server, how it differs from what a file asks for, when it acts next and how it ended.
package schedule

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/timetable"
	"audiencesync/workflows"
)

// Kind is what a schedule starts.
type Kind string

// The kinds of schedules. A sync has one of each at the most.
const (
	// Runs of the sync.
	Runs Kind = "runs"
	// Proofs of what earlier runs have brought, with nothing read or sent.
	Proofs Kind = "proofs"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Runs, Proofs} }

// ID is the ID of a sync's schedule.
func (k Kind) ID(sync string) string {
	if k == Proofs {
		return workflows.VerifyScheduleID(sync)
	}
	return workflows.SyncID(sync)
}

// kindOf is the inverse of ID; ours is false for schedules of something else.
func kindOf(id string) (sync string, kind Kind, ours bool) {
	if sync, ok := workflows.SyncOf(id); ok {
		return sync, Runs, true
	}
	sync, ours = workflows.VerifiedSyncOf(id)
	return sync, Proofs, ours
}

// Wanted is a schedule as somebody wants it.
type Wanted struct {
	Spec    config.Sync
	Kind    Kind
	Cadence config.Cadence
}

// In returns the schedules that a sync file asks for.
func In(spec config.Sync) []Wanted {
	var wanted []Wanted
	if runs := spec.Schedule.Runs(); runs != nil {
		wanted = append(wanted, Wanted{spec, Runs, *runs})
	}
	if proofs := spec.Schedule.Proofs(); proofs != nil {
		wanted = append(wanted, Wanted{spec, Proofs, *proofs})
	}
	return wanted
}

// ID is the ID of the schedule.
func (w Wanted) ID() string { return w.Kind.ID(w.Spec.Sync) }

// Words say when the schedule acts.
func (w Wanted) Words() string { return wordsOf(w.Cadence) }

func wordsOf(c config.Cadence) string {
	times, err := c.Timetable()
	if err != nil {
		return err.Error()
	}
	return times.String()
}

// input is what the schedule starts its due runs with.
func (w Wanted) input() workflows.DueRunInput {
	cadence := w.Cadence
	return workflows.DueRunInput{Spec: w.Spec, Cadence: &cadence, VerifyOnly: w.Kind == Proofs}
}

func (w Wanted) action() *client.ScheduleWorkflowAction {
	action := &client.ScheduleWorkflowAction{
		ID:            workflows.DueID(w.Spec.Sync),
		Workflow:      workflows.DueRun,
		Args:          []any{w.input()},
		TaskQueue:     workflows.TaskQueue,
		StaticSummary: workflows.Summary(w.Spec),
		StaticDetails: workflows.Details(workflows.AudienceSyncInput{Spec: w.Spec, Scheduled: true, VerifyOnly: w.Kind == Proofs}),
	}
	if w.Kind == Proofs {
		action.ID, action.StaticSummary = workflows.VerifyDueID(w.Spec.Sync), "proof: "+action.StaticSummary
	}
	return action
}

// policies: due times that come while a due run is going become one afterwards. Which
// failures pause it is for the due run to say: Temporal would take the first.
func (w Wanted) policies() client.SchedulePolicies {
	return client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE, CatchupWindow: w.Cadence.CatchUp.D()}
}

// spec is when the server acts: at the times of the cadence, and when a slot is caught
// up that the clock leaves out.
func (w Wanted) spec() (client.ScheduleSpec, error) {
	times, err := w.Cadence.Timetable()
	if err != nil {
		return client.ScheduleSpec{}, err
	}
	spec := client.ScheduleSpec{Jitter: w.Cadence.Jitter.D(), TimeZoneName: times.Zone().String()}
	if spec.StartAt, spec.EndAt, err = w.Cadence.Bounds(); err != nil {
		return spec, err
	}
	if every := times.Interval(); every > 0 {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: every}}
	}
	for _, calendar := range times.Calendars() {
		spec.Calendars = append(spec.Calendars, onServer(calendar, ""))
	}
	for _, calendar := range times.CatchUp() {
		spec.Calendars = append(spec.Calendars, onServer(calendar, "catches up what daylight saving leaves out"))
	}
	return spec, nil
}

func onServer(c timetable.Calendar, comment string) client.ScheduleCalendarSpec {
	return client.ScheduleCalendarSpec{
		Second: ranges(timetable.Of(0)), Minute: ranges(c.Minutes), Hour: ranges(c.Hours),
		DayOfMonth: ranges(c.Days), Month: ranges(c.Months), DayOfWeek: ranges(c.Weekdays), Comment: comment,
	}
}

func ranges(set timetable.Set) []client.ScheduleRange {
	of := set.Ranges()
	ranges := make([]client.ScheduleRange, len(of))
	for i, r := range of {
		ranges[i] = client.ScheduleRange{Start: r.First, End: r.Last, Step: 1}
	}
	return ranges
}
