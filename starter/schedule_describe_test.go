package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

func TestAScheduleIsDescribedWithItsNextAndLastTimes(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	day := func(n int) time.Time { return time.Date(2027, time.March, 28+n, 2, 30, 0, 0, berlin) }
	last := func(n int, run int64, ended string, joined bool) schedule.Last {
		return schedule.Last{DueEnd: workflows.DueEnd{FiredAt: day(n), Run: run, Ended: ended, Joined: joined}, StartedAt: day(n).Add(time.Second)}
	}
	full := describedSchedule{
		shownSchedule: shownSchedule{
			Sync: "demo", Kind: schedule.Runs, When: "daily at 02:30 (Europe/Berlin)", Paused: true, Note: "paused by anna: Easter",
			Next: []time.Time{time.Date(2027, time.March, 28, 3, 30, 0, 0, berlin), day(1)},
		},
		Cadence: config.Cadence{
			Cron: "30 2 * * *", TimeZone: "Europe/Berlin", Jitter: config.Duration(5 * time.Minute), Start: "2027-01-31", End: "2027-12-31",
			CatchUp: config.Duration(time.Hour), PauseAfter: 3,
		},
		Pinned: "0123456789ab", Started: 41, Missed: 2, LeftOut: 1,
		Last:    []schedule.Last{last(-1, 41, "explained", false), last(-2, 0, activities.TypeOpenRefused, true), last(-3, 39, "SourceBroken", false), last(-4, 0, schedule.Going, false)},
		Differs: []schedule.Difference{{Key: "mode", From: "add", To: "mirror"}}, against: true, asked: true,
	}
	bare := describedSchedule{
		shownSchedule: shownSchedule{Sync: "demo", Kind: schedule.Proofs, When: "every 24h", Note: "resumed by anna"},
		Cadence:       config.Cadence{Every: config.Duration(24 * time.Hour), CatchUp: config.Duration(time.Hour)}, Pinned: "0123456789ab", against: true,
	}
	for file, s := range map[string]describedSchedule{"schedule-full.txt": full, "schedule-bare.txt": bare} {
		var text bytes.Buffer
		require.NoError(t, (&app{stdout: &text}).writeDescribed(s))
		requireText(t, file, text.String())
	}
}

func TestDescribeAsksTheServerAndComparesTheFile(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.says(t, "{every: 6h, verify: {every: 24h}}")
	require.Zero(t, p.onFile(t, "create").code)
	w := worker.New(p.client, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(_ workflow.Context, in workflows.DueRunInput) (workflows.DueRunResult, error) {
		return workflows.DueRunResult{DueEnd: workflows.DueEnd{Run: 7, Ended: "equal"}}, nil
	}, workflow.RegisterOptions{Name: "DueRun"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.Zero(t, p.schedule(t, "trigger", "demo").code)
	var list []describedSchedule
	require.Eventually(t, func() bool {
		list = decoded[[]describedSchedule](t, p.onFile(t, "describe", "-o", "json"))
		return len(list[0].Last) == 1 && list[0].Last[0].Ended == "equal"
	}, patience, 50*time.Millisecond)
	require.Len(t, list, 2)
	require.Equal(t, []schedule.Kind{schedule.Runs, schedule.Proofs}, []schedule.Kind{list[0].Kind, list[1].Kind})
	require.Len(t, list[0].Next, 10)
	require.EqualValues(t, 7, list[0].Last[0].Run)
	require.Equal(t, 1, list[0].Started)
	require.Empty(t, list[1].Last)
	require.Empty(t, list[0].Differs)
	spec, err := loadSync(p.file("sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, schedule.Digest(spec), list[0].Pinned)

	require.Regexp(t, `(?m)^ sync file   pinned as [0-9a-f]{12}$`, p.schedule(t, "describe", "demo").stdout)
	require.Regexp(t, `(?m)^ sync file   pinned as [0-9a-f]{12}, which is the file as it is$`, p.onFile(t, "describe").stdout)
	p.edit(t, "sync.yaml", "default_region: DE", "default_region: AT")
	require.Regexp(t, `(?m)^ sync file   pinned as [0-9a-f]{12}, which is not the file as it is: reference.default_region \(AT, was DE\)$`, p.onFile(t, "describe").stdout)
}

func TestAScheduleThatHasStartedOnceSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 time; 2 missed: Temporal came to them too late", describedSchedule{Started: 1, Missed: 2}.counts())
}
