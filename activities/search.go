package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"audiencesync/internal/temporalclient"
)

// searchWait bounds the question for search attributes: a run goes on without them.
const searchWait = 10 * time.Second

// searchOf returns what the search attributes of a run into a destination need.
func (a *Activities) searchOf(ctx context.Context, destination string) Search {
	search := Search{Attributes: a.knowsAttributes(ctx)}
	if settings, err := a.endpoints.Connections.Charles(destination); err == nil {
		search.WorkspaceName = settings.WorkspaceName()
	}
	return search
}

// knowsAttributes reports whether the server knows the search attributes of a run, and
// false where that cannot be told.
func (a *Activities) knowsAttributes(ctx context.Context) bool {
	if a.temporal == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, searchWait)
	defer cancel()
	known, err := temporalclient.KnowsAttributes(ctx, a.temporal, activity.GetInfo(ctx).Namespace)
	if err != nil {
		activity.GetLogger(ctx).Warn("the run goes without search attributes", "error", err)
	}
	return known
}
