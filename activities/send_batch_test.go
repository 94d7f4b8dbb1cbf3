package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// together sends batches of so many contacts in one request each.
func together(maxItems int) func(*config.HelloCharles, *config.ZeotapAPI) {
	return func(charles *config.HelloCharles, _ *config.ZeotapAPI) {
		charles.Send = config.SendBatch
		charles.Batch.Method, charles.Batch.Path, charles.Batch.Envelope, charles.Batch.Reply = "POST", "/api/v1beta/contacts/batch", "contacts", config.RepliesItems
		charles.Batch.MaxItems = maxItems
	}
}

// stage opens a run and reads the audience into batches.
func (v *vendors) stage(t *testing.T) RunRef {
	t.Helper()
	run, err := v.activities.openRun(t.Context(), OpenRunInput{Token: "one", StartedAt: time.Now(), Spec: spring()})
	require.NoError(t, err)
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(v.activities.ReadPages)
	_, err = env.ExecuteActivity(v.activities.ReadPages, ReadPagesInput{Run: run.Run})
	require.NoError(t, err)
	return run.Run
}

// sendAgain sends a batch so often, as attempts of one activity, or until one
// attempt ends well.
func (v *vendors) sendAgain(t *testing.T, in SendBatchInput, attempts int) (result SendBatchResult, err error) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	activity := func(ctx context.Context) error {
		for range attempts {
			if result, err = v.activities.SendBatch(ctx, in); err == nil {
				return nil
			}
		}
		return nil
	}
	env.RegisterActivity(activity)
	_, outside := env.ExecuteActivity(activity)
	require.NoError(t, outside)
	return result, err
}

func (v *vendors) failuresOf(t *testing.T) []ledger.Failure {
	t.Helper()
	var all []ledger.Failure
	for failure, err := range v.activities.ledger.Failures(t.Context(), ledger.FailureQuery{Sync: "spring"}) {
		require.NoError(t, err)
		all = append(all, failure)
	}
	return all
}

func TestASuspectBatchThatIsSentOneByOneGivesNobodyUpForTheTroubleOfOthers(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	run := v.stage(t)
	require.NoError(t, v.SetFaults(faults.Plan{Rules: []faults.Rule{
		{Match: faults.Match{Side: faults.Charles, Method: "PUT", Every: 5}, Do: faults.Status, Status: 503},
	}}))
	result, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Mode: SendSuspect, Alone: true}, 50)
	require.NoError(t, err)
	require.Zero(t, result.Outcomes[audience.Unresolved], result)
	require.Positive(t, result.Outcomes[audience.Created])
}

func TestASuspectContactIsGivenUpAloneWithTheRequestsThatCarriedIt(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*config.HelloCharles, *config.ZeotapAPI){"one by one": nil, "together": together(20)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startVendors(t, simulator.Options{}, send)
			run := v.stage(t)
			first, err := v.activities.ledger.Batch(t.Context(), run, 1)
			require.NoError(t, err)
			unbearable := first.Members[7].Reference
			require.NoError(t, v.SetFaults(faults.Plan{Crash: []faults.Selection{{References: []string{unbearable}}}}))

			var outcomes audience.Outcomes
			waiting := []int64{1}
			for len(waiting) > 0 {
				result, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: waiting[0], Mode: SendSuspect, Alone: true}, 2*triesOfSuspect)
				require.NoError(t, err)
				for outcome, n := range result.Outcomes {
					outcomes.Add(outcome, n)
				}
				waiting = append(waiting[1:], result.Next...)
			}
			require.Equal(t, int64(len(first.Members)), outcomes.Total())
			require.Equal(t, int64(1), outcomes.Unresolved)
			var given []ledger.Failure
			for _, failure := range v.failuresOf(t) {
				if failure.Outcome == audience.Unresolved {
					given = append(given, failure)
				}
			}
			require.Len(t, given, 1)
			require.Equal(t, unbearable, given[0].Reference)
			if send == nil {
				require.Equal(t, triesOfSuspect, given[0].Sends)
			}
			_, held := v.Contact(unbearable)
			require.False(t, held)
			require.Equal(t, outcomes.Taken(), v.Stats().Contacts)
		})
	}
}

func TestARefusedQuestionBeforeTheRequestIsNoRefusalOfContacts(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*config.HelloCharles, *config.ZeotapAPI){"one by one": nil, "together": together(20)} {
		for status, trouble := range map[string]int{"refused": 400, "unanswered": 503} {
			t.Run(name+", "+status, func(t *testing.T) {
				t.Parallel()
				v := startVendors(t, simulator.Options{Charles: simulator.CharlesOptions{TagsByID: true}}, func(charles *config.HelloCharles, zeotap *config.ZeotapAPI) {
					charles.Tags = config.TagID
					if send != nil {
						send(charles, zeotap)
					}
				})
				run := v.stage(t)
				require.NoError(t, v.SetFaults(faults.Plan{Rules: []faults.Rule{
					{Match: faults.Match{Side: faults.Charles, Path: "/api/v0/tags"}, Do: faults.Status, Status: trouble},
				}}))
				result, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Mode: SendSuspect, Alone: true}, 3*triesOfSuspect)
				require.Error(t, err)
				require.Empty(t, result)
				batch, err := v.activities.ledger.Batch(t.Context(), run, 1)
				require.NoError(t, err)
				require.Equal(t, ledger.BatchStaged, batch.State, "nothing left")
				require.Empty(t, batch.Next)
				for _, failure := range v.failuresOf(t) {
					require.Equal(t, audience.Invalid, failure.Outcome, "found while reading")
				}
				require.NoError(t, v.SetFaults(faults.Plan{}))
				_, err = v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Alone: true}, 1)
				require.NoError(t, err)
			})
		}
	}
}

func TestABatchThatTheSettingMadeTooLargeIsSplitAndKeepsItsDoubt(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, together(20))
	run := v.stage(t)
	require.NoError(t, v.SetFaults(faults.Plan{Rules: []faults.Rule{
		{Match: faults.Match{Side: faults.Charles, Method: "POST"}, Do: faults.LostReply},
	}}))
	_, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Alone: true}, 1)
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, err)
	require.Equal(t, TypeUnavailable, said.Type())

	charles := v.connections.HelloCharles["charles"]
	charles.Batch.MaxItems = 5
	v.connections.HelloCharles["charles"] = charles
	v.start(t, v.activities.ledger)
	result, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Alone: true}, 1)
	require.NoError(t, err)
	require.True(t, result.Split)
	limit, err := v.activities.ledger.BatchLimit(t.Context(), charles.Workspace())
	require.NoError(t, err)
	require.Zero(t, limit, "Hello Charles has told no limit")

	half, err := v.activities.ledger.Batch(t.Context(), run, result.Next[0])
	require.NoError(t, err)
	_, err = v.activities.openRun(t.Context(), OpenRunInput{Token: "two", StartedAt: time.Now(), Spec: spring()})
	require.NoError(t, err)
	account, err := v.activities.ledger.Outcomes(t.Context(), "spring", half.Members[0].Reference)
	require.NoError(t, err)
	require.Equal(t, ledger.MemberUnknown, account.Membership, "the lost answer is not forgotten")
}
