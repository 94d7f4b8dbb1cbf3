package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/schedule"
)

func TestAScheduleIsPausedResumedTriggeredAndDeleted(t *testing.T) {
	t.Parallel()
	t.Run("as text", func(t *testing.T) {
		t.Parallel()
		p := newPlanner(t)
		require.Zero(t, p.onFile(t, "create", "--every", "6h").code)
		paused := p.schedule(t, "pause", "demo", "--why", "the audience is rebuilt")
		require.Equal(t, answer{stdout: "the schedule of sync demo is paused: resume it with audiencesync schedule resume demo\n"}, paused)
		require.True(t, p.found(t, schedule.Runs).Paused())
		require.Equal(t, "paused by "+operator()+": the audience is rebuilt", p.found(t, schedule.Runs).Note())

		triggered := p.schedule(t, "trigger", p.file("sync.yaml"))
		require.Equal(t, answer{
			stdout: "the schedule of sync demo acts now, or when the run that is going has ended: look with audiencesync status demo\n",
		}, triggered)
		require.Eventually(t, func() bool { return p.found(t, schedule.Runs).Started() == 1 }, patience, 50*time.Millisecond)

		resumed := p.schedule(t, "resume", "demo")
		require.Zero(t, resumed.code, resumed.stderr)
		require.Regexp(t, `^the schedule of sync demo is resumed\nnext run: 20`, resumed.stdout)
		require.False(t, p.found(t, schedule.Runs).Paused())
		require.Equal(t, "resumed by "+operator(), p.found(t, schedule.Runs).Note())

		require.Equal(t, answer{stdout: "the schedule of sync demo is deleted\n"}, p.schedule(t, "delete", "demo"))
		require.Nil(t, p.found(t, schedule.Runs))
	})
	t.Run("as JSON, of proofs", func(t *testing.T) {
		t.Parallel()
		p := newPlanner(t)
		p.says(t, "{every: 6h, verify: {every: 24h}}")
		require.Zero(t, p.onFile(t, "create").code)
		for _, c := range []struct {
			verb   string
			paused bool
		}{{"pause", true}, {"trigger", true}, {"resume", false}} {
			shown := decoded[shownSchedule](t, p.schedule(t, c.verb, "demo", "--verify", "-o", "json"))
			require.Equal(t, schedule.Proofs, shown.Kind)
			require.Equal(t, c.paused, shown.Paused)
			require.Len(t, shown.Next, 3)
		}
		require.Contains(t, p.schedule(t, "delete", "demo").stderr,
			"the schedule of proofs of sync demo stays: delete it with audiencesync schedule delete demo --verify\n")
		require.JSONEq(t, `{"sync": "demo", "kind": "proofs", "deleted": true}`, p.schedule(t, "delete", "demo", "--verify", "-o", "json").stdout)
	})
}

func TestWhoNamesAScheduleThatIsNotThereIsToldOfTheOtherOne(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	for _, verb := range []string{"pause", "resume", "trigger", "delete"} {
		require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule; audiencesync schedule list shows all\n"}, p.schedule(t, verb, "demo"))
	}
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule: create it with: audiencesync schedule create SYNC.yaml\n"},
		p.schedule(t, "describe", "demo"))
	require.Zero(t, p.onFile(t, "create", "--every", "6h").code)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule of proofs; it has one of runs: leave --verify out\n"},
		p.schedule(t, "pause", "demo", "--verify"))
	require.Zero(t, p.schedule(t, "delete", "demo").code)
	require.Zero(t, p.onFile(t, "create", "--every", "6h", "--verify").code)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule; it has one of proofs: add --verify\n"}, p.schedule(t, "delete", "demo"))
}
