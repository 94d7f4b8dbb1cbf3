package site

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// StartTemporal starts the server, again with the state that it may have, and returns
// when it answers for its namespace.
func (s *Site) StartTemporal(ctx context.Context) (err error) {
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	s.Temporal, err = s.program("temporal", s.cli, nil, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", port,
		"--db-filename", s.File("temporal.db"), "--log-level", "warn",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1")
	if err != nil {
		return err
	}
	end := time.Now().Add(startWithin)
	for time.Now().Before(end) {
		if s.temporalAnswers(ctx) {
			return nil
		}
		select {
		case <-s.Temporal.Ended():
			return fmt.Errorf("the Temporal server ended:\n%s", Ending(s.Temporal.Stderr()))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("the Temporal server does not answer:\n%s", Ending(s.Temporal.Stderr()))
}

func (s *Site) temporalAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Address})
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: client.DefaultNamespace})
	return err == nil
}
