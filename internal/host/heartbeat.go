package host

import (
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

const (
	// DefaultHeartbeatTimeout is what workflows ask for themselves.
	DefaultHeartbeatTimeout = 30 * time.Second
	// MinHeartbeatTimeout leaves half a second between two heartbeats.
	MinHeartbeatTimeout = 3 * time.Second
)

func (o Options) heartbeatTimeout() time.Duration {
	if o.HeartbeatTimeout == 0 {
		return DefaultHeartbeatTimeout
	}
	return o.HeartbeatTimeout
}

// interceptors are what stands between the SDK and our code.
func (o Options) interceptors() []interceptor.WorkerInterceptor {
	all := []interceptor.WorkerInterceptor{&resultBound{}, &heartbeats{timeout: o.HeartbeatTimeout}}
	if o.heartbeatTimeout() == DefaultHeartbeatTimeout {
		return all[:1]
	}
	return all
}

// heartbeats put the heartbeat timeout in the place of the one that workflows ask
// for. It is no part of their history that a replay compares.
type heartbeats struct {
	interceptor.WorkerInterceptorBase

	timeout time.Duration
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (h *heartbeats) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inbound{timeout: h.timeout}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase

	timeout time.Duration
}

// Init implements interceptor.WorkflowInboundInterceptor.
func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{timeout: i.timeout}
	out.Next = next
	return i.Next.Init(out)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase

	timeout time.Duration
}

// ExecuteActivity implements interceptor.WorkflowOutboundInterceptor.
func (o *outbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	return o.Next.ExecuteActivity(workflow.WithHeartbeatTimeout(ctx, o.timeout), activity, args...)
}
