package activities

import (
	"context"
	"errors"
	"sync"

	"go.temporal.io/sdk/activity"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// streaks counts for each activity how often an answer came that made no
// sense. Attempts that ended otherwise, by a full budget or an outage, are no
// such tries. A restart of the worker forgets, which only gives more tries.
type streaks struct {
	mutex  sync.Mutex
	counts map[string]int
}

// streaksKept bounds the memory of activities that never came back here.
const streaksKept = 10_000

// tries returns how many tries of the activity count by now, this one included.
func (s *streaks) tries(ctx context.Context, err error) int {
	info := activity.GetInfo(ctx)
	key := info.WorkflowExecution.RunID + "/" + info.ActivityID
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case err == nil:
		delete(s.counts, key)
		return 0
	case !isNonsense(err):
		return 1
	case len(s.counts) >= streaksKept:
		clear(s.counts)
	}
	s.counts[key]++
	return s.counts[key]
}

func isNonsense(err error) bool {
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		return vendor.Kind == vendorhttp.Unreadable
	}
	source, ok := errors.AsType[*zeotap.Error](err)
	return ok && source.Kind == zeotap.BrokenData
}
