package schedule_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"audiencesync/internal/config"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/schedule"
)

func TestAServerThatIsLateOnceIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("demo"), Kind: schedule.Runs, Cadence: cadence(func(c *config.Cadence) { c.Every = config.Duration(time.Hour) })}
	s.create(t, w)

	var late atomic.Int32
	hasty, err := client.DialContext(t.Context(), client.Options{
		HostPort: devservertest.ForTest(t).Address(), Namespace: s.namespace,
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
				if strings.HasSuffix(method, "/DescribeSchedule") && late.Add(-1) >= 0 {
					return status.Error(codes.DeadlineExceeded, "context deadline exceeded")
				}
				return call(ctx, method, in, out, conn, options...)
			})}},
	})
	require.NoError(t, err)
	t.Cleanup(hasty.Close)

	late.Store(1)
	found, err := schedule.Look(t.Context(), hasty, "demo", schedule.Runs)
	require.NoError(t, err)
	require.Equal(t, w.Spec, found.Pinned.Spec)

	late.Store(2)
	_, err = schedule.Look(t.Context(), hasty, "demo", schedule.Runs)
	require.ErrorContains(t, err, "deadline exceeded", "a server that stays silent is told of")
}
