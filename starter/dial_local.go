package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
)

// dialLocalTimeout bounds the connection to a server that answers already.
const dialLocalTimeout = 10 * time.Second

// dialLocal connects to a Temporal server that this program runs itself. The
// standard configuration is left aside: it may name a cluster, and a credential
// that must go nowhere else.
func dialLocal(ctx context.Context, options client.Options) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLocalTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connecting to the local Temporal server at %s: %w", options.HostPort, err)
	}
	return c, nil
}
