package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/attributes"
)

// NotRegistered says that a server does not know the search attributes of a run.
const NotRegistered = "Temporal does not know the search attributes of runs, so its web UI cannot find runs by workspace or verdict: register them with audiencesync search-attributes"

// KnowsAttributes reports whether the client's namespace knows every search attribute
// of a run, by its type. To set one that is not registered would fail each of a run's
// tasks for ever, so a run asks before. It asks by a query that only registered
// attributes allow, because servers answer that which let nobody list their search
// attributes, as Temporal Cloud does; others are asked for the types as well, in the
// namespace of the client, if it is given.
func KnowsAttributes(ctx context.Context, c client.Client, namespace string) (bool, error) {
	conditions := make([]string, 0, len(attributes.All()))
	for _, key := range attributes.All() {
		condition := key.GetName() + ` STARTS_WITH "-"` // Which is for keywords only.
		if key.GetValueType() == enumspb.INDEXED_VALUE_TYPE_INT {
			condition = key.GetName() + " < 0"
		}
		conditions = append(conditions, condition)
	}
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: strings.Join(conditions, " AND ")})
	if _, unknown := errors.AsType[*serviceerror.InvalidArgument](err); unknown {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking Temporal for its search attributes: %w", err)
	}
	if namespace == "" {
		return true, nil
	}
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil { // Not for everybody.
		return ctx.Err() == nil, ctx.Err()
	}
	_, missing, err := compare(namespace, listed.GetCustomAttributes())
	return err == nil && len(missing) == 0, nil
}

// RegisteredAttribute is a search attribute that the server knows.
type RegisteredAttribute struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Added says that it was not there before.
	Added bool `json:"added"`
}

// Limits of a registration.
const (
	// registerTries is how often it is tried while others register at the same time.
	registerTries = 5
	// registerWait bounds the time until all parts of a server know what was added;
	// some seconds are usual.
	registerWait = 30 * time.Second
	registerPoll = 200 * time.Millisecond
)

// RegisterAttributes registers the search attributes of a run that the namespace of the
// client lacks, and returns when they can be used. Where the server does not allow that,
// or has one by another type, the error says what to do.
func RegisterAttributes(ctx context.Context, c client.Client, namespace string) ([]RegisteredAttribute, error) {
	for tries := 1; ; tries++ {
		registered, err := registerOnce(ctx, c, namespace)
		if err == nil {
			return registered, awaitAttributes(ctx, c, namespace)
		}
		// Of two that add one at once, one has to try again.
		if _, raced := errors.AsType[*serviceerror.Unavailable](err); !raced || tries == registerTries {
			return nil, err
		}
	}
}

func registerOnce(ctx context.Context, c client.Client, namespace string) ([]RegisteredAttribute, error) {
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, notRegistered(namespace, err)
	}
	registered, missing, err := compare(namespace, listed.GetCustomAttributes())
	if err != nil || len(missing) == 0 {
		return registered, err
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil {
		return nil, notRegistered(namespace, err)
	}
	return registered, nil
}

// compare returns all search attributes of a run, and the types of those that are missing.
func compare(namespace string, known map[string]enumspb.IndexedValueType) ([]RegisteredAttribute, map[string]enumspb.IndexedValueType, error) {
	registered := make([]RegisteredAttribute, 0, len(attributes.All()))
	missing := map[string]enumspb.IndexedValueType{}
	for _, key := range attributes.All() {
		name, kind := key.GetName(), key.GetValueType()
		is, there := known[name]
		if there && is != kind {
			return nil, nil, fmt.Errorf(
				"the search attribute %s of the namespace %s has the type %s and must have the type %s: remove it (temporal operator search-attribute remove --namespace %[2]s --name %[1]s), then try again",
				name, namespace, is, kind)
		}
		if !there {
			missing[name] = kind
		}
		registered = append(registered, RegisteredAttribute{Name: name, Type: kind.String(), Added: !there})
	}
	return registered, missing, nil
}

func awaitAttributes(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, registerWait)
	defer cancel()
	ticker := time.NewTicker(registerPoll)
	defer ticker.Stop()
	for {
		known, err := KnowsAttributes(ctx, c, namespace)
		if err == nil && known {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(errors.New("the search attributes are registered, and Temporal does not let them be used yet: try again"), err)
		}
	}
}

// notRegistered says what to do where search attributes cannot be registered from here.
func notRegistered(namespace string, err error) error {
	var command strings.Builder
	fmt.Fprintf(&command, "tcld namespace search-attributes add --namespace %s", namespace)
	for _, key := range attributes.All() {
		fmt.Fprintf(&command, " --search-attribute %s=%s", key.GetName(), key.GetValueType())
	}
	return fmt.Errorf(
		"registering search attributes in the namespace %[1]s: %[2]w; where the server does not let you, as on Temporal Cloud, add them in its web UI (Namespaces, %[1]s, Edit) or with: %[3]s; syncs run all the same without them",
		namespace, err, &command)
}
