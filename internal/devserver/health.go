package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// frontendService is the name that the server's frontend gives itself in the
// gRPC health protocol.
const frontendService = "temporal.api.workflowservice.v1.WorkflowService"

// probeTimeout bounds one question to the server.
const probeTimeout = 5 * time.Second

// errExited: the server's process is gone.
var errExited = errors.New("its process ended")

// awaitAnswer returns when the server is healthy, knows its namespace and
// shows its web UI.
func (p process) awaitAnswer(ctx context.Context, s state, within time.Duration) error {
	connection, err := grpc.NewClient("passthrough:///"+s.Address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		// The usual back-off starts at a second, as long as a whole start takes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: poll, Multiplier: 1.5, MaxDelay: 10 * poll},
			MinConnectTimeout: probeTimeout,
		}))
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", s.Address, err)
	}
	defer func() { _ = connection.Close() }()

	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		err := probe(waiting, connection, s)
		if p.gone() {
			// Whoever answered, it was another server.
			return errExited
		}
		if err == nil {
			return nil
		}
		select {
		case <-waiting.Done():
			return fmt.Errorf("it did not become healthy within %s: %w", within, err)
		case <-ticker.C:
		}
	}
}

// probe asks the server, and its web UI when it has one, once.
func probe(ctx context.Context, connection *grpc.ClientConn, s state) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	reply, err := grpc_health_v1.NewHealthClient(connection).Check(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: frontendService})
	if err != nil {
		return fmt.Errorf("asking for its health: %w", err)
	}
	if status := reply.GetStatus(); status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("its health is %s", status)
	}
	_, err = workflowservice.NewWorkflowServiceClient(connection).DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: s.Namespace})
	if err != nil {
		return fmt.Errorf("asking for namespace %s: %w", s.Namespace, err)
	}
	if s.UIAddress == "" {
		return nil
	}
	var dialer net.Dialer
	ui, err := dialer.DialContext(ctx, "tcp", s.UIAddress)
	if err != nil {
		return fmt.Errorf("connecting to its web UI: %w", err)
	}
	return ui.Close()
}
