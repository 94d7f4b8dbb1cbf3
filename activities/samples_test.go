package activities

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/trial"
)

// TestAPlanNamesTheFieldThatChangedSinceAMemberWasTaken also says that what is
// staged has the digests of what is read.
func TestAPlanNamesTheFieldThatChangedSinceAMemberWasTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send func(*config.HelloCharles, *config.ZeotapAPI)
		take func(*vendors, *testing.T)
	}{
		"together":   {together(20), (*vendors).takeBatch},
		"one by one": {nil, (*vendors).takeBatch},
		"in a trial": {nil, (*vendors).takeInATrial},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startVendors(t, simulator.Options{}, c.send)
			member := v.listed(t, 0)
			require.NoError(t, v.SetMembers([]map[string]any{member}))
			c.take(v, t)
			member["city"] = "Atlantis"
			require.NoError(t, v.SetMembers([]map[string]any{member}))

			run, err := v.activities.openRun(t.Context(), OpenRunInput{Token: "two", StartedAt: time.Now(), Spec: spring(), PlanOnly: true})
			require.NoError(t, err)
			read, err := perform[ReadPagesResult](t, v.activities.ReadPages, ReadPagesInput{Run: run.Run})
			require.NoError(t, err)
			require.True(t, read.Complete)
			samples, err := v.activities.ledger.Samples(t.Context(), "spring", run.Run.Run, ledger.MostSamples)
			require.NoError(t, err)
			require.Len(t, samples, 1)
			require.Equal(t, ledger.SampleChanged, samples[0].Kind)
			require.Equal(t, []string{"city"}, samples[0].Fields)
		})
	}
}

// listed is a member of the crowd as a source lists it.
func (v *vendors) listed(t *testing.T, number int64) map[string]any {
	t.Helper()
	var member map[string]any
	require.NoError(t, json.Unmarshal(v.Crowd().Member(number).AppendJSON(nil), &member))
	return member
}

func (v *vendors) takeBatch(t *testing.T) {
	t.Helper()
	run := v.stage(t)
	result, err := v.sendAgain(t, SendBatchInput{Run: run, Batch: 1, Alone: true}, 1)
	require.NoError(t, err)
	require.Len(t, result.Outcomes, 1)
}

func (v *vendors) takeInATrial(t *testing.T) {
	t.Helper()
	opened, err := trial.Open(t.Context(), trial.Options{Pool: v.activities.endpoints, Spec: spring(), Say: func(text string) { t.Log(text) }})
	require.NoError(t, err)
	chosen, err := opened.Choose(t.Context(), 1)
	require.NoError(t, err)
	sent, err := opened.Send(t.Context(), chosen.Candidates)
	require.NoError(t, err)
	require.Len(t, sent, 1)
}
