package temporalclient_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/internal/attributes"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/temporalclient"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// inNamespace returns a client of a new namespace, with options of its own.
func inNamespace(t *testing.T, change ...func(*client.Options)) (client.Client, string) {
	t.Helper()
	options := client.Options{HostPort: devservertest.ForTest(t).Address(), Namespace: "test-" + uuid.NewString()[:8]}
	namespaces, err := client.NewNamespaceClient(options)
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: options.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	for _, c := range change {
		c(&options)
	}
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, options.Namespace
}

// knows asks until the server knows the namespace.
func knows(t *testing.T, c client.Client, namespace string) bool {
	t.Helper()
	var known bool
	require.Eventually(t, func() bool {
		var err error
		known, err = temporalclient.KnowsAttributes(t.Context(), c, namespace)
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return known
}

func TestSearchAttributesAreRegisteredOnceAndCanBeUsedThen(t *testing.T) {
	t.Parallel()
	c, namespace := inNamespace(t)
	require.False(t, knows(t, c, namespace))

	added, err := temporalclient.RegisterAttributes(t.Context(), c, namespace)
	require.NoError(t, err)
	require.Len(t, added, len(attributes.All()))
	require.Contains(t, added, temporalclient.RegisteredAttribute{Name: "AudienceSyncVerdict", Type: "Keyword", Added: true})
	require.Contains(t, added, temporalclient.RegisteredAttribute{Name: "AudienceSyncRun", Type: "Int", Added: true})
	require.True(t, knows(t, c, namespace))

	again, err := temporalclient.RegisterAttributes(t.Context(), c, namespace)
	require.NoError(t, err)
	for i := range again {
		require.False(t, again[i].Added)
		require.Equal(t, added[i].Name, again[i].Name)
	}
}

func TestSeveralProcessesMayRegisterSearchAttributesAtOnce(t *testing.T) {
	t.Parallel()
	c, namespace := inNamespace(t)
	knows(t, c, namespace)
	errs := make([]error, 3)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, errs[i] = temporalclient.RegisterAttributes(t.Context(), c, namespace) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.True(t, knows(t, c, namespace))
}

func TestOnlyAllSearchAttributesByTheirTypesAreKnown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]enumspb.IndexedValueType){
		"one is missing": func(types map[string]enumspb.IndexedValueType) { delete(types, "AudienceSyncRun") },
		"one is a text": func(types map[string]enumspb.IndexedValueType) {
			types["AudienceSyncVerdict"] = enumspb.INDEXED_VALUE_TYPE_TEXT
		},
		"one is a number": func(types map[string]enumspb.IndexedValueType) {
			types["AudienceSyncPhase"] = enumspb.INDEXED_VALUE_TYPE_INT
		},
		"one is a keyword": func(types map[string]enumspb.IndexedValueType) {
			types["AudienceSyncRun"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, namespace := inNamespace(t)
			knows(t, c, namespace)
			types := attributes.Types()
			change(types)
			_, err := c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: types})
			require.NoError(t, err)
			// Until the query engine knows what was added.
			require.Eventually(t, func() bool {
				_, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: `AudienceSyncName = "x"`})
				return err == nil
			}, time.Minute, 50*time.Millisecond)
			require.False(t, knows(t, c, namespace))
		})
	}
}

func TestASearchAttributeOfAnotherTypeIsSaidWithTheRemedy(t *testing.T) {
	t.Parallel()
	c, namespace := inNamespace(t)
	knows(t, c, namespace)
	_, err := c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: map[string]enumspb.IndexedValueType{"AudienceSyncRun": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	})
	require.NoError(t, err)
	_, err = temporalclient.RegisterAttributes(t.Context(), c, namespace)
	require.EqualError(t, err, "the search attribute AudienceSyncRun of the namespace "+namespace+" has the type Keyword and must have the type Int: "+
		"remove it (temporal operator search-attribute remove --namespace "+namespace+" --name AudienceSyncRun), then try again")
}

// noOperators is a server that has no OperatorService for clients, as Temporal Cloud.
func noOperators(o *client.Options) {
	o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			if _, operator := req.(*operatorservice.ListSearchAttributesRequest); operator {
				return serviceerror.NewUnimplemented("unknown service temporal.api.operatorservice.v1.OperatorService")
			}
			return invoke(ctx, method, req, reply, conn, options...)
		}))
}

func TestWhereNobodyMayRegisterSearchAttributesTheOtherWaysAreSaid(t *testing.T) {
	t.Parallel()
	c, namespace := inNamespace(t, noOperators)
	require.False(t, knows(t, c, namespace))
	_, err := temporalclient.RegisterAttributes(t.Context(), c, namespace)
	require.ErrorContains(t, err, "unknown service temporal.api.operatorservice.v1.OperatorService")
	require.ErrorContains(t, err, "tcld namespace search-attributes add --namespace "+namespace+
		" --search-attribute AudienceSyncName=Keyword --search-attribute AudienceSyncAudience=Keyword --search-attribute AudienceSyncWorkspace=Keyword"+
		" --search-attribute AudienceSyncRun=Int --search-attribute AudienceSyncPhase=Keyword --search-attribute AudienceSyncVerdict=Keyword")
	require.ErrorContains(t, err, "syncs run all the same without them")

	// Somebody adds them there.
	other, err := client.DialContext(t.Context(), client.Options{HostPort: devservertest.ForTest(t).Address(), Namespace: namespace})
	require.NoError(t, err)
	defer other.Close()
	_, err = temporalclient.RegisterAttributes(t.Context(), other, namespace)
	require.NoError(t, err)
	require.True(t, knows(t, c, namespace), "a query tells")
}
