package activities

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

func TestTriesAreCountedByTheKindOfTrouble(t *testing.T) {
	t.Parallel()
	nonsense := error(&vendorhttp.Error{Kind: vendorhttp.Unreadable})
	broken := error(&zeotap.Error{Kind: zeotap.BrokenData})
	outage := error(&vendorhttp.Error{Kind: vendorhttp.Unavailable})
	s := newStreaks()
	var counted []int
	attempts := func(ctx context.Context) error {
		for _, err := range []error{outage, outage, outage, nonsense, outage, broken, errors.New("disk full"), nonsense, nil, nonsense} {
			counted = append(counted, s.tries(ctx, err))
		}
		return nil
	}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(attempts)
	_, err := env.ExecuteActivity(attempts)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 1, 4, 2, 1, 3, 0, 1}, counted)
}
