package schedule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// ErrNotOurs is the error of a schedule under a sync's name that starts something else.
var ErrNotOurs = errors.New("it starts something else than runs of a sync: delete it with audiencesync schedule delete, and create it again")

// Found is a schedule as the server has it.
type Found struct {
	Sync string
	Kind Kind
	// Pinned is what its due runs are started with.
	Pinned workflows.DueRunInput

	schedule client.Schedule
	info     client.ScheduleInfo
	handle   client.ScheduleHandle
}

// Look returns the schedule of a sync, nil if it has none of that kind.
func Look(ctx context.Context, c client.Client, sync string, kind Kind) (*Found, error) {
	found := &Found{Sync: sync, Kind: kind, handle: c.ScheduleClient().GetHandle(ctx, kind.ID(sync))}
	if err := found.read(ctx); err != nil {
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
			return nil, nil
		}
		return nil, err
	}
	return found, nil
}

// read describes the schedule anew. The server asks the schedule's own workflow, which
// a busy server can be too slow for within the 10 s of a call: then it is asked again.
func (f *Found) read(ctx context.Context) error {
	description, err := f.handle.Describe(ctx)
	if late(err) && ctx.Err() == nil {
		description, err = f.handle.Describe(ctx)
	}
	if err != nil {
		return err
	}
	f.schedule, f.info = description.Schedule, description.Info
	f.Pinned, err = pinned(description.Schedule)
	return err
}

func late(err error) bool {
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	return late || errors.Is(err, context.DeadlineExceeded)
}

// pinned returns what a schedule starts due runs with.
func pinned(schedule client.Schedule) (workflows.DueRunInput, error) {
	var in workflows.DueRunInput
	action, ok := schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || len(action.Args) != 1 {
		return in, ErrNotOurs
	}
	payload, ok := action.Args[0].(*commonpb.Payload)
	if !ok {
		return in, ErrNotOurs
	}
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &in); err != nil || in.Spec.Sync == "" || in.Cadence == nil {
		return in, ErrNotOurs
	}
	return in, nil
}

// All returns the schedules of all syncs, and the IDs of those under their names that
// start something else. What the server lists may be some moments old.
func All(ctx context.Context, c client.Client) (all []Found, others []string, err error) {
	list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return nil, nil, err
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return nil, nil, err
		}
		sync, kind, ours := kindOf(entry.ID)
		if !ours {
			continue
		}
		found, err := Look(ctx, c, sync, kind)
		switch {
		case errors.Is(err, ErrNotOurs):
			others = append(others, entry.ID)
		case err != nil:
			return nil, nil, fmt.Errorf("schedule of sync %s: %w", sync, err)
		case found != nil:
			all = append(all, *found)
		}
	}
	return all, others, nil
}

// Paused reports whether the schedule starts nothing by itself.
func (f *Found) Paused() bool { return f.schedule.State.Paused }

// Note is what was said when the schedule was paused or resumed last.
func (f *Found) Note() string { return f.schedule.State.Note }

// Words say when the schedule acts.
func (f *Found) Words() string { return wordsOf(*f.Pinned.Cadence) }

// Started is how often the schedule has acted, Missed how often it would have been too
// late to, and Left how often too much was waiting.
func (f *Found) Started() int { return f.info.NumActions }

// Missed counts due times that were older than catch_up when Temporal came to them.
func (f *Found) Missed() int { return f.info.NumActionsMissedCatchupWindow }

// LeftOut counts due times that came while two due runs were waiting already.
func (f *Found) LeftOut() int { return f.info.NumActionsSkippedOverlap }

// Digest names a sync as it is pinned: the same digest is the same sync.
func Digest(spec config.Sync) string {
	text, err := json.Marshal(spec)
	if err != nil {
		return ""
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:6])
}

// asPinned is the schedule that would be wanted to be what the found one should be.
func (f *Found) asPinned() Wanted {
	return Wanted{Spec: f.Pinned.Spec, Kind: f.Kind, Cadence: *f.Pinned.Cadence}
}

// untouched reports whether the server goes by what is pinned: somebody may have changed
// the schedule by other means, or this program may read the clock otherwise by now.
func (f *Found) untouched() bool {
	want, err := f.asPinned().spec()
	if err != nil || f.schedule.Policy == nil || f.schedule.Spec == nil {
		return false
	}
	action, ok := f.schedule.Action.(*client.ScheduleWorkflowAction)
	is, should := *f.schedule.Policy, f.asPinned().policies()
	return ok && action.ID == f.asPinned().action().ID && action.Workflow == "DueRun" && action.TaskQueue == workflows.TaskQueue &&
		is == should && reflect.DeepEqual(plain(*f.schedule.Spec), plain(want))
}

// plain makes specs comparable: the server gives moments in UTC, and empty lists.
func plain(spec client.ScheduleSpec) client.ScheduleSpec {
	spec.StartAt, spec.EndAt = spec.StartAt.UTC(), spec.EndAt.UTC()
	calendars := make([]client.ScheduleCalendarSpec, len(spec.Calendars))
	for i, c := range spec.Calendars {
		if len(c.Year) == 0 {
			c.Year = nil
		}
		calendars[i] = c
	}
	spec.Calendars = calendars
	if len(spec.Intervals) == 0 {
		spec.Intervals = nil
	}
	if len(spec.Skip) == 0 {
		spec.Skip = nil
	}
	if len(spec.CronExpressions) == 0 {
		spec.CronExpressions = nil
	}
	return spec
}
