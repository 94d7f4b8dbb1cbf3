package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
)

func TestHowFarLongActivitiesHaveComeIsInTheirHeartbeats(t *testing.T) {
	t.Parallel()
	pending := func(details ...any) *workflowpb.PendingActivityInfo {
		payloads, err := converter.GetDefaultDataConverter().ToPayloads(details...)
		require.NoError(t, err)
		return &workflowpb.PendingActivityInfo{HeartbeatDetails: payloads}
	}
	require.Equal(t, int64(12_500), workOf([]*workflowpb.PendingActivityInfo{{}, pending(), pending(int64(12_000)), pending("some text"), pending(500)}))
}
