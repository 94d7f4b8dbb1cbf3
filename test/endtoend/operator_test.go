package endtoend

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

func TestARunThatIsGoingIsSeenJoinedAndLeftAlone(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 1000, seed: 6})
	batches := newGate(t, vendors.charles, "/batch", 1)
	site := deploy(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: batches.address}, batchesOf(200)...))
	site.startWorker(t)
	first := site.start(t, "run", site.sync)
	batches.awaitHeld(t, 4)

	// It is seen.
	status := site.do(t, "status", "demo", "--output", "json")
	require.Zero(t, status.code, status.stderr)
	var progress workflows.Progress
	require.NoError(t, json.Unmarshal([]byte(status.stdout), &progress))
	require.Equal(t, "demo", progress.Sync)
	require.Equal(t, workflows.PhaseSend, progress.Phase)
	require.EqualValues(t, 1000, progress.Read)
	require.EqualValues(t, 5, progress.Batches)
	require.EqualValues(t, 1, progress.BatchesDone)
	require.Equal(t, 4, progress.InFlight)
	status = site.do(t, "status", site.sync)
	require.Zero(t, status.code, status.stderr)
	require.Regexp(t, `^send: [\d,]+ of [\d,]+ members settled, [\d,]+ accepted, \d+ failures, 4 batches under way(, [\d.,]+ a second \([\d,]+ allowed\))?(, about \d+s left)?\n$`, status.stdout)

	// It is joined.
	second := site.start(t, "run", site.sync, "--output", "json")
	require.Eventually(t, func() bool {
		return strings.Contains(second.Stderr(), "A run of demo is going already; this command joins it and starts no second one.")
	}, startWithin, poll)

	// Ctrl-C ends the watching only.
	require.NoError(t, first.Signal(os.Interrupt))
	left := finish(t, first)
	require.Equal(t, 130, left.code)
	require.Empty(t, left.stdout)
	require.Contains(t, left.stderr, "Stopped watching; the run goes on. See it with: audiencesync status demo")

	batches.open()
	joined := finish(t, second)
	require.Zero(t, joined.code, joined.stderr)
	report := reportOf(t, joined)
	require.EqualValues(t, 1, report.Run)
	require.Equal(t, vendors.stats(t).Contacts, report.Outcomes.Created)

	// Its report stays.
	status = site.do(t, "status", "demo", "--output", "json")
	require.Zero(t, status.code, status.stderr)
	require.JSONEq(t, joined.stdout, status.stdout)
}

func TestARunWithoutAWorkerSaysSoAndWaitsForOne(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 100, seed: 7})
	site := deploy(t, copyDemo(t, vendors))
	run := site.start(t, "run", site.sync, "--output", "json")
	require.Eventually(t, func() bool { return strings.Contains(run.Stderr(), "no worker answers") }, startWithin, poll)
	status := site.do(t, "status", "demo")
	requireOneError(t, status, 1, "sync demo", "a run is going, but no worker answers", "audiencesync-worker")

	site.startWorker(t)
	ended := finish(t, run)
	require.Zero(t, ended.code, ended.stderr)
	require.EqualValues(t, 100, reportOf(t, ended).Source.Read)
}

func TestCheckTellsWhatARunWouldNeedAndSendsNothing(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 2500, seed: 8})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t)

	good := site.do(t, "check", site.sync)
	require.Zero(t, good.code, good.stderr)
	require.Equal(t, "sync demo: audience 984 Spring campaign into charles-demo\n"+
		"Zeotap reports 2,500 members (unique_customers)\n"+
		"a first run sends about 3 requests, which takes at least 1s at the connection's limits\n"+
		"note: active tags of persons in Hello Charles: 5\n"+
		"note: active custom properties of persons in Hello Charles: 12\n"+
		"note: "+temporalclient.NotRegistered+"\n"+
		"ready to run\n"+
		"not tried: the call that sends contacts; audiencesync try with --limit 1 sends one\n", good.stdout)

	content, err := os.ReadFile(site.sync)
	require.NoError(t, err)
	text := strings.NewReplacer("[zeotap]", "[zeotop]", "seg-984", "seg-985").Replace(string(content))
	bad := site.do(t, "check", write(t, t.TempDir(), "demo.yaml", text), "--output", "json")
	require.Equal(t, 2, bad.code, bad.stderr)
	require.Contains(t, bad.stderr, "the sync cannot run as it is; nothing was sent")
	var result activities.CheckSyncResult
	require.NoError(t, json.Unmarshal([]byte(bad.stdout), &result))
	require.Equal(t, audience.Audience{ID: "984", Name: "Spring campaign"}, result.Audience)
	require.Len(t, result.Problems, 2)
	require.Contains(t, result.Problems[0], `tag "zeotop" does not exist`)
	require.Contains(t, result.Problems[1], `segment "seg-985" does not exist`)

	require.Zero(t, vendors.stats(t).UpsertsReceived)
	require.Zero(t, vendors.stats(t).Requests["snapshot"])
}
