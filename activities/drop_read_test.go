package activities

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
)

// perform runs an activity as Temporal does.
func perform[R any](t *testing.T, activity, in any) (result R, err error) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	value, err := env.ExecuteActivity(activity, in)
	if err == nil && value.HasValue() {
		require.NoError(t, value.Get(&result))
	}
	return result, err
}

// lookOnce opens the run's reader and reads nothing: the worker is about to stop.
func lookOnce(t *testing.T, a *Activities, run RunRef) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(a.ReadPages)
	stopping := make(chan struct{})
	close(stopping)
	env.SetWorkerStopChannel(stopping)
	value, err := env.ExecuteActivity(a.ReadPages, ReadPagesInput{Run: run})
	require.NoError(t, err)
	var result ReadPagesResult
	require.NoError(t, value.Get(&result))
	require.False(t, result.Complete)
}

func TestARunThatReadsAgainReadsTheAudienceOfNow(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"the worker with the old reader begins": "old", "another worker begins": "other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startVendors(t, simulator.Options{}, func(_ *config.HelloCharles, api *config.ZeotapAPI) { api.PageSize = 500 })
			one := v.activities
			v.start(t, one.ledger)
			other := v.activities
			opened, err := one.openRun(t.Context(), OpenRunInput{Token: "one", StartedAt: time.Now(), Spec: mirrored()})
			require.NoError(t, err)
			run := opened.Run
			lookOnce(t, one, run)
			read, err := perform[ReadPagesResult](t, other.ReadPages, ReadPagesInput{Run: run})
			require.NoError(t, err)
			require.True(t, read.Complete)
			require.Equal(t, int64(1200), read.Read)
			_, err = perform[any](t, other.DropRead, DropReadInput{Run: run})
			require.NoError(t, err)

			require.NoError(t, v.SetMembers([]map[string]any{{"phone": "+4915112345001"}, {"phone": "+4915112345002"}}))
			if first == "other" {
				lookOnce(t, other, run)
			}
			again, err := perform[ReadPagesResult](t, one.ReadPages, ReadPagesInput{Run: run})
			require.NoError(t, err)
			require.True(t, again.Complete)
			require.Equal(t, int64(2), again.Read)
			stored, err := one.ledger.Run(t.Context(), run)
			require.NoError(t, err)
			require.Equal(t, int64(2), *stored.Snapshot.Total)
			require.False(t, stored.ReadOpenedAt.IsZero())
		})
	}
}

func TestADecisionIsTheSameHoweverOftenItIsAskedFor(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	opened, err := v.activities.openRun(t.Context(), OpenRunInput{Token: "one", StartedAt: time.Now(), Spec: mirrored()})
	require.NoError(t, err)
	_, err = perform[Plan](t, v.activities.Decide, DecideInput{Run: opened.Run})
	said, ok := errorOf(err)
	require.True(t, ok)
	require.Equal(t, TypeSourceIncomplete, said.Type())
	require.True(t, said.NonRetryable(), "nobody reads on while the run decides")

	_, err = perform[ReadPagesResult](t, v.activities.ReadPages, ReadPagesInput{Run: opened.Run})
	require.NoError(t, err)
	plan, err := perform[Plan](t, v.activities.Decide, DecideInput{Run: opened.Run})
	require.NoError(t, err)
	require.Equal(t, int64(1200), plan.Read)
	require.Equal(t, plan.ToSend, plan.Joiners)
	require.Empty(t, plan.Beyond, "a first run is exempt")
	again, err := perform[Plan](t, v.activities.Decide, DecideInput{Run: opened.Run})
	require.NoError(t, err)
	require.Equal(t, plan, again)
	other, err := perform[Plan](t, v.activities.Decide, DecideInput{Run: opened.Run, Expect: new(int64(7))})
	require.NoError(t, err)
	require.Len(t, other.Beyond, 1)
	require.NotEqual(t, plan.Digest, other.Digest, "an approval is about the limits that are passed too")
}

func TestWhatWasSentIsNotDropped(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, together(10))
	run := v.stage(t)
	_, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Alone: true}, 1)
	require.NoError(t, err)
	_, err = perform[any](t, v.activities.DropRead, DropReadInput{Run: run})
	said, ok := errorOf(err)
	require.True(t, ok)
	require.True(t, said.NonRetryable(), "it does not get better")
	batch, err := v.activities.ledger.Batch(t.Context(), run, 1)
	require.NoError(t, err)
	require.Positive(t, batch.Result.Outcomes.Of(audience.Created))
}

func errorOf(err error) (*temporal.ApplicationError, bool) {
	return errors.AsType[*temporal.ApplicationError](err)
}
