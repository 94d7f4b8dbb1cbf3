// Package temporalclient connects to Temporal by its standard configuration:
// TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS...,
// TEMPORAL_PROFILE and the file of profiles that the temporal CLI reads too.
package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"

	"audiencesync/internal/telemetry"
)

// Options are the flags that win over the standard configuration.
type Options struct {
	Address   string
	Namespace string
	Logger    *zap.Logger
	Metrics   client.MetricsHandler
}

// dialTimeout bounds the first connection.
const dialTimeout = 10 * time.Second

// Load returns the client options of the standard configuration.
func Load(o Options) (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("reading the Temporal configuration: %w", err)
	}
	if o.Address != "" {
		options.HostPort = o.Address
	}
	if o.Namespace != "" {
		options.Namespace = o.Namespace
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Logger = telemetry.TemporalLogger(o.Logger)
	options.MetricsHandler = o.Metrics
	return options, nil
}

// Dial connects to Temporal, in a namespace that is there. The error names the address
// and what to do.
func Dial(ctx context.Context, o Options) (client.Client, error) {
	options, err := Load(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connecting to Temporal at %s (namespace %s): %w; start it with \"audiencesync up\", or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE",
			options.HostPort, options.Namespace, err)
	}
	// Whoever may not ask learns it from what is asked next.
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: options.Namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		c.Close()
		return nil, fmt.Errorf("Temporal at %s has no namespace %s: set --namespace or TEMPORAL_NAMESPACE to one that it has, or create it with: temporal operator namespace create --namespace %[2]s", //nolint:staticcheck // A name.
			options.HostPort, options.Namespace)
	}
	return c, nil
}
