package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func TestACheckIsToldWithItsProblemsOrAsReady(t *testing.T) {
	t.Parallel()
	spec := config.Sync{Sync: "demo", Destination: "charles-demo"}
	for name, c := range map[string]struct {
		result activities.CheckSyncResult
		want   string
	}{
		"ready": {
			activities.CheckSyncResult{
				Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
				Size:     &audience.Size{Value: 100_000, Basis: "unique_customers"}, Batches: 100, Requests: 100, Seconds: 50,
				Notes: []string{"no verification.segment: the run will end as unverifiable"},
			},
			"sync demo: audience 984 Spring campaign into charles-demo\n" +
				"Zeotap reports 100,000 members (unique_customers)\n" +
				"a first run sends about 100 requests, which takes at least 50s at the connection's limits\n" +
				"note: no verification.segment: the run will end as unverifiable\n" +
				"ready to run\n",
		},
		"problems": {
			activities.CheckSyncResult{
				Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
				Size:     &audience.Size{Value: 7}, Problems: []string{"tag x does not exist", "segment y does not exist"},
			},
			"sync demo: audience 984 Spring campaign into charles-demo\n" +
				"Zeotap reports 7 members (basis not said)\n" +
				"a first run sends about 0 requests, which takes at least 1s at the connection's limits\n" +
				"problem: tag x does not exist\n" +
				"problem: segment y does not exist\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			require.NoError(t, writeCheck(&text, spec, c.result))
			require.Equal(t, c.want, text.String())
		})
	}
}
