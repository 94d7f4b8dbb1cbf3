package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// readBack reads the sample of the run back, where the connection says how; else there
// is no result. What cannot be read is a result.
func (r *audienceSync) readBack(ctx workflow.Context, compared activities.CompareSegmentResult) (*audience.ReadBack, error) {
	if !r.opened.ReadsBack {
		return nil, nil
	}
	var result activities.ReadBackResult
	input := activities.ReadBackInput{Run: r.opened.Run, Compared: compared.Comparison != nil}
	options := workflow.WithActivityOptions(ctx, comparing("read a sample of contacts back"))
	err := workflow.ExecuteActivity(options, do.ReadBack, input).Get(ctx, &result)
	r.moved(ctx)
	switch {
	case isFinal(err):
		return nil, err
	case err != nil:
		result.ReadBack = audience.ReadBack{Why: reasonOf(err)}
	}
	return &result.ReadBack, r.awaitResume(ctx)
}
