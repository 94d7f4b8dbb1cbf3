package schedule

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Next returns when the schedule acts for its next due times, at most n of them, in the
// time zone of its cadence. It is what the server says, without what it does because of
// the clock for slots that are past.
func (f *Found) Next(ctx context.Context, c client.Client, namespace string, now time.Time, n int) ([]time.Time, error) {
	times, err := f.Pinned.Cadence.Timetable()
	if err != nil {
		return nil, err
	}
	zone, err := f.Pinned.Cadence.Zone()
	if err != nil {
		return nil, err
	}
	next := []time.Time{}
	// The slot of the last start: each counts once. Jitter may keep one of them back.
	last, _ := times.Last(now.Add(-f.Pinned.Cadence.Jitter.D()))
	for from, days := now, 1; len(next) < n && days <= mostDays; days *= 8 {
		until := from.Add(time.Duration(days) * 24 * time.Hour)
		matching, err := c.WorkflowService().ListScheduleMatchingTimes(ctx, &workflowservice.ListScheduleMatchingTimesRequest{
			Namespace: namespace, ScheduleId: f.Kind.ID(f.Sync), StartTime: timestamppb.New(from), EndTime: timestamppb.New(until),
		})
		if err != nil {
			return nil, orMissing(err)
		}
		for _, at := range matching.GetStartTime() {
			slot, ok := times.Last(at.AsTime())
			if ok && slot.After(last) && len(next) < n {
				next, last = append(next, at.AsTime().In(zone)), slot
			}
		}
		from = until
	}
	return next, nil
}

// mostDays is how many days are looked through at once, at the most, for times that are
// far away: a leap day may be eight years off.
const mostDays = 4096
