package host

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// maxResultBytes is half of what the server takes (limit.blobSize.error, 2 MiB).
const maxResultBytes = 1 << 20

// resultBound lets an activity whose result is too large for Temporal fail once, and say
// so. What activities return is bounded where it is made, and this is the net below.
// Without it the end depends on the server: one that tells its limits lets the SDK take
// such a result for a failure that may pass (TMPRL1103), another one refuses it for good,
// and a result that no message holds (4 MiB) never arrives, so that the activity runs into
// its time-out. What may pass is done again, and its requests are sent again, without end.
type resultBound struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (*resultBound) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	bounded := &boundedActivity{}
	bounded.Next = next
	return bounded
}

type boundedActivity struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (b *boundedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := b.Next.ExecuteActivity(ctx, in)
	if err != nil || result == nil {
		return result, err
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(result)
	if err != nil {
		return result, err
	}
	if size := len(payload.GetData()); size > maxResultBytes {
		return nil, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"the result of %s has %s bytes, more than the %s that are handed to Temporal; what it did stands, it is not done again: this is a mistake of audiencesync, please report it",
			activity.GetInfo(ctx).ActivityType.Name, audience.Thousands(int64(size)), audience.Thousands(maxResultBytes)),
			activities.TypeResultTooLarge, nil)
	}
	return result, nil
}
