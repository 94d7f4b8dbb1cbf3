package activities

import (
	"context"
	"errors"
	"sync"

	"go.temporal.io/sdk/activity"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// streaks counts for each activity how often the same kind of trouble came: an
// answer that made no sense, or none at all. Attempts that ended otherwise, by
// a full budget say, are no such tries. A restart of the worker forgets, which
// only gives more tries.
type streaks struct {
	mutex  sync.Mutex
	counts map[streak]int
}

// streak is one kind of trouble of one activity.
type streak struct{ activity, trouble string }

// streaksKept bounds the memory of activities that never came back here.
const streaksKept = 10_000

func newStreaks() *streaks { return &streaks{counts: map[streak]int{}} }

// tries returns how many tries of the activity count by now, this one included.
func (s *streaks) tries(ctx context.Context, err error) int {
	key := streak{activity: activityOf(ctx), trouble: troubleOf(err)}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case err == nil:
		s.forget(key.activity)
		return 0
	case key.trouble == "":
		return 1
	case len(s.counts) >= streaksKept:
		clear(s.counts)
	}
	s.counts[key]++
	return s.counts[key]
}

// end ends the streak of an activity that got on: what comes now is about
// something else.
func (s *streaks) end(ctx context.Context) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(activityOf(ctx))
}

func (s *streaks) forget(activity string) {
	delete(s.counts, streak{activity, nonsense})
	delete(s.counts, streak{activity, unanswered})
}

func activityOf(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return info.WorkflowExecution.RunID + "/" + info.ActivityID
}

const (
	nonsense   = "nonsense"
	unanswered = "unanswered"
)

func troubleOf(err error) string {
	if isUnanswered(err) {
		return unanswered
	}
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok && vendor.Kind == vendorhttp.Unreadable {
		return nonsense
	}
	if source, ok := errors.AsType[*zeotap.Error](err); ok && source.Kind == zeotap.BrokenData {
		return nonsense
	}
	return ""
}
