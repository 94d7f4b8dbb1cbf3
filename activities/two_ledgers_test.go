package activities

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
)

// pastRun is a run that Temporal knows of.
type pastRun struct {
	ledger, workspace string
	startedAt         time.Time
}

// pastRuns lists runs, one a page, as Temporal does.
type pastRuns struct {
	client.Client
	runs  []pastRun
	fails error
}

func (p *pastRuns) ListWorkflow(
	_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	at := len(request.GetNextPageToken())
	if p.fails != nil || at >= len(p.runs) {
		return &workflowservice.ListWorkflowExecutionsResponse{}, p.fails
	}
	run := p.runs[at]
	memo := &commonpb.Memo{Fields: map[string]*commonpb.Payload{}}
	for key, value := range map[string]string{MemoLedger: run.ledger, MemoWorkspace: run.workspace} {
		payload, err := converter.GetDefaultDataConverter().ToPayload(value)
		if err != nil {
			return nil, err
		}
		memo.Fields[key] = payload
	}
	return &workflowservice.ListWorkflowExecutionsResponse{
		NextPageToken: make([]byte, at+1),
		Executions: []*workflowpb.WorkflowExecutionInfo{{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "audience-sync/autumn"}, StartTime: timestamppb.New(run.startedAt), Memo: memo,
		}},
	}, nil
}

// CountWorkflow counts nothing: this server knows no search attributes.
func (p *pastRuns) CountWorkflow(
	context.Context, *workflowservice.CountWorkflowExecutionsRequest,
) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return nil, serviceerror.NewInvalidArgument("invalid query")
}

// open opens a run of the sync as a worker does.
func (v *vendors) open(t *testing.T, in OpenRunInput) (OpenRunResult, error) {
	t.Helper()
	in.Spec, in.StartedAt = spring(), time.Now()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(v.activities.OpenRun)
	value, err := env.ExecuteActivity(v.activities.OpenRun, in)
	if err != nil {
		return OpenRunResult{}, err
	}
	var result OpenRunResult
	require.NoError(t, value.Get(&result))
	return result, nil
}

// refusal is the text with which a run is refused at open.
func refusal(t *testing.T, err error) string {
	t.Helper()
	var refused *temporal.ApplicationError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, TypeOpenRefused, refused.Type())
	require.True(t, refused.NonRetryable())
	return refused.Message()
}

// opening states the permanent parts of the sync.
func (v *vendors) opening() ledger.Opening {
	return ledger.Opening{
		Sync: "spring", Workspace: v.connections.HelloCharles["charles"].Workspace(), AudienceID: "984", Reference: "phone as e164",
	}
}

func TestAFirstRunIntoASegmentThatHoldsUnknownContactsIsRefused(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	marked := map[string]json.RawMessage{"zeotap_audience_984": json.RawMessage(`"member"`)}
	v.AddContacts(contacts.Contact{SourceType: "zeotap", Reference: "+4915199999999", Properties: marked}, contacts.Contact{FirstName: "In the app", Properties: marked})
	const why = "sync spring has sent nothing by this ledger, which knows of 0 contacts, and its segment seg-984 counts 2 contacts in Hello Charles: " +
		"Zeotap's own connector ran before, the ledger was lost, this is a new installation, the worker (or audiencesync up) was started in another folder than before, or another sync marks the same; " +
		"those who are not in the audience would stay marked for ever, and no count could be explained; " + remedies

	_, err := v.open(t, OpenRunInput{Token: "one"})
	require.Equal(t, why, refusal(t, err))
	planned, err := v.open(t, OpenRunInput{Token: "two", PlanOnly: true})
	require.NoError(t, err, "a plan sends nothing")
	require.Equal(t, []string{why}, planned.Notes)
	require.Empty(t, planned.Ledger, "a plan is no run of another ledger")
	require.Equal(t, []string{why}, v.inspect(t, spring()).Notes)

	book := v.activities.ledger
	require.NoError(t, book.BeginAdoption(t.Context(), v.opening()))
	_, err = v.open(t, OpenRunInput{Token: "three"})
	require.Equal(t, "the adoption of the contacts in the segment of sync spring was begun and not finished: "+remedies, refusal(t, err))
	require.NoError(t, book.EndAdoption(t.Context(), v.opening(), 1))
	opened, err := v.open(t, OpenRunInput{Token: "four"})
	require.NoError(t, err)
	require.Equal(t, book.ID(), opened.Ledger)
	require.Equal(t, v.opening().Workspace, opened.Workspace)
	require.Empty(t, opened.Notes)
}

const remedies = `say what they are, where the worker's ledger and connections file are, with the file of spring in place of SYNC.yaml: ` +
	`"audiencesync adopt SYNC.yaml" records them as members of the sync, so that those who are not in the audience count as leavers; ` +
	`"audiencesync ignore SYNC.yaml" records that they are not ours`

func TestAFirstRunIntoASegmentThatHoldsATrialOnlyMayBegin(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	require.NoError(t, v.activities.ledger.BeginTrial(t.Context(), v.opening(), []ledger.ReadMember{{Reference: "+4915199999999"}}))
	marked := map[string]json.RawMessage{"zeotap_audience_984": json.RawMessage(`"member"`)}
	v.AddContacts(contacts.Contact{SourceType: "zeotap", Reference: "+4915199999999", Properties: marked})
	_, err := v.open(t, OpenRunInput{Token: "one"})
	require.NoError(t, err)
}

func TestAFirstRunBesideAnotherLedgerIsRefusedUntilAPersonSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	book, workspace := v.activities.ledger, v.opening().Workspace
	yesterday := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	past := &pastRuns{runs: []pastRun{
		{"another", "https://other.example zeotap", time.Now().Add(time.Hour)},
		{book.ID(), workspace, time.Now()},
		{"another", workspace, yesterday.Add(-time.Hour)},
		{"another", workspace, yesterday},
	}}
	v.activities.temporal = past
	_, err := v.open(t, OpenRunInput{Token: "one"})
	require.Equal(t, "sync spring: another ledger has run syncs into the workspace "+workspace+" (audience-sync/autumn started "+yesterday.UTC().Format(time.RFC3339)+
		" by ledger another, and this is ledger "+book.ID()+"): one workspace takes one ledger, which holds who was marked, who is gone, and the request budget; "+
		"let this worker use the other ledger (--ledger), or, if that is lost, "+remedies, refusal(t, err))
	planned, err := v.open(t, OpenRunInput{Token: "two", PlanOnly: true})
	require.NoError(t, err)
	require.Len(t, planned.Notes, 1)

	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(v.activities.CheckSync)
	value, err := env.ExecuteActivity(v.activities.CheckSync, CheckSyncInput{Spec: spring()})
	require.NoError(t, err)
	var checked CheckSyncResult
	require.NoError(t, value.Get(&checked))
	require.Empty(t, checked.Problems)
	require.Contains(t, checked.Notes, planned.Notes[0])

	_, err = book.Ignore(t.Context(), v.opening(), nil)
	require.NoError(t, err)
	_, err = v.open(t, OpenRunInput{Token: "three"})
	require.NoError(t, err, "the other ledger was used before that was said")

	past.runs = append(past.runs, pastRun{"another", workspace, time.Now().Add(time.Hour)})
	_, err = v.open(t, OpenRunInput{Token: "four"})
	require.Contains(t, refusal(t, err), "another ledger has run syncs", "the other ledger is still in use")
}

func TestASyncThatHasRunIsNotRefusedForAnotherLedger(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	opened, err := v.open(t, OpenRunInput{Token: "one"})
	require.NoError(t, err)
	require.NoError(t, v.activities.ledger.CloseRun(t.Context(), opened.Run, ledger.Closing{Report: []byte("{}"), Complete: true}))
	v.activities.temporal = &pastRuns{runs: []pastRun{{"another", v.opening().Workspace, time.Now().Add(time.Hour)}}}
	_, err = v.open(t, OpenRunInput{Token: "two"})
	require.NoError(t, err)
}

func TestARunOpensWhereTemporalCannotSayWhoRanBefore(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	v.activities.temporal = &pastRuns{fails: errors.New("no visibility")}
	_, err := v.open(t, OpenRunInput{Token: "one"})
	require.NoError(t, err)
}
