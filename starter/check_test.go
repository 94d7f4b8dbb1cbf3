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
	spec := config.Sync{Sync: "demo", Destination: "charles-demo", Audience: config.AudienceID{ID: "985"}}
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
				"ready to run\n" +
				"not tried: the call that sends contacts; audiencesync try with --limit 1 sends one\n",
		},
		"after runs": {
			activities.CheckSyncResult{
				Audience: audience.Audience{ID: "984"}, Size: &audience.Size{Value: 2000, Basis: "x"}, Requests: 2, Seconds: 1, Begun: true,
			},
			"sync demo: audience 984 into charles-demo\n" +
				"Zeotap reports 2,000 members (x)\n" +
				"the next run sends what has changed; everybody again (run --full) would be about 2 requests, which takes at least 1s at the connection's limits\n" +
				"ready to run\n",
		},
		"an audience that is not there, and a connection": {
			activities.CheckSyncResult{Problems: []string{`source "zeotop" is not a known connection; the worker's connections file has "zeotap"`}},
			"sync demo: audience 985 into charles-demo\n" +
				"problem: source \"zeotop\" is not a known connection; the worker's connections file has \"zeotap\"\n" +
				"the connections file is read when the worker starts: after a change of it, start the worker again, and after one of a key in an environment variable too; a key in a file is looked up each time\n",
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
