package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/schedule"
)

// folder is a folder of sync files, and the server that they are applied to.
type folder struct {
	*planner

	path string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{planner: newPlanner(t)}
	f.path = filepath.Join(f.dir, "syncs [all]")
	require.NoError(t, os.Mkdir(f.path, 0o700))
	return f
}

// put writes a sync file with a section schedule, "" for none.
func (f *folder) put(t *testing.T, file, name, section string) {
	t.Helper()
	content, err := os.ReadFile(f.file("sync.yaml"))
	require.NoError(t, err)
	text := strings.Replace(string(content), "sync: demo\n", "sync: "+name+"\n", 1)
	if section != "" {
		text += "schedule: " + section + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(f.path, file), []byte(text), 0o600))
}

func (f *folder) apply(t *testing.T, args ...string) answer {
	t.Helper()
	return f.schedule(t, append([]string{"apply", f.path}, args...)...)
}

// actions are what apply does, by sync and kind.
func (f *folder) actions(t *testing.T, args ...string) map[string]string {
	t.Helper()
	actions := map[string]string{}
	for _, change := range decoded[shownApply](t, f.apply(t, append(args, "-o", "json")...)).Changes {
		actions[change.Sync+" "+string(change.Kind)] = change.Action
	}
	return actions
}

func (f *folder) words(t *testing.T, sync string, kind schedule.Kind) string {
	t.Helper()
	found, err := schedule.Look(t.Context(), f.client, sync, kind)
	require.NoError(t, err)
	if found == nil {
		return ""
	}
	return found.Words()
}

func TestApplyMakesTheServerMatchAFolderAndDoesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put(t, "a.yaml", "a", `{cron: "0 6 * * *", time_zone: Europe/Berlin, verify: {every: 24h}}`)
	f.put(t, "b.yml", "b", `{cron: "30 2 * * *", time_zone: Europe/Berlin}`)
	f.put(t, "by-hand.yaml", "by-hand", "")
	content, err := os.ReadFile(f.file("connections.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(f.path, "connections.yaml"), content, 0o600))

	const lines = "+ a: daily at 06:00 (Europe/Berlin)\n+ a of proofs: every 24h\n+ b: daily at 02:30 (Europe/Berlin)\n"
	const diff = lines + "3 to create\n"
	looked := f.apply(t, "--dry-run")
	require.Zero(t, looked.code, looked.stderr)
	require.Equal(t, diff, looked.stdout)
	require.Contains(t, looked.stderr, "warning: the schedule of sync b: the clocks of Europe/Berlin change near 02:30")
	require.Empty(t, f.words(t, "a", schedule.Runs), "it was only looked at")

	applied := f.apply(t, "--yes")
	require.Zero(t, applied.code, applied.stderr)
	require.Equal(t, diff, applied.stdout)
	require.Equal(t, "daily at 06:00 (Europe/Berlin)", f.words(t, "a", schedule.Runs))
	require.Equal(t, "every 24h", f.words(t, "a", schedule.Proofs))

	again := f.apply(t)
	require.Equal(t, answer{stdout: strings.ReplaceAll(lines, "+", "=") + "3 unchanged\n"}, again, "nobody is asked about nothing")
	require.Equal(t, map[string]string{"a runs": "unchanged", "a proofs": "unchanged", "b runs": "unchanged"}, f.actions(t, "--yes", "--prune"))
	described, err := f.client.ScheduleClient().GetHandle(t.Context(), schedule.Runs.ID("a")).Describe(t.Context())
	require.NoError(t, err)
	require.Zero(t, described.Info.LastUpdateAt.Unix(), "the server was told nothing the second time")
}

func TestApplyShowsWhatIsUpdatedAndKeepsAPause(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put(t, "demo.yaml", "demo", "{every: 6h}")
	require.Zero(t, f.apply(t, "--yes").code)
	require.NoError(t, f.found(t, schedule.Runs).Pause(t.Context(), "until January"))
	f.edit(t, "sync.yaml", "default_region: DE", "default_region: AT")
	f.put(t, "demo.yaml", "demo", "{every: 8h}")

	applied := f.apply(t, "--yes")
	require.Equal(t, answer{
		stdout: "~ demo: every 8h, paused; changed: reference.default_region (AT, was DE), schedule.every (8h, was 6h)\n1 to update\n", stderr: "done\n",
	}, applied)
	require.True(t, f.found(t, schedule.Runs).Paused())
	require.Equal(t, "until January", f.found(t, schedule.Runs).Note())
	require.Equal(t, "AT", f.found(t, schedule.Runs).Pinned.Spec.Reference.DefaultRegion)
	require.Equal(t, map[string]string{"demo runs": "unchanged"}, f.actions(t))
}

func TestAScheduleThatNoFileAsksForIsDeletedOnRequestOnly(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put(t, "a.yaml", "a", "{every: 6h, verify: {every: 24h}}")
	f.put(t, "b.yaml", "b", "{every: 6h}")
	require.Zero(t, f.apply(t, "--yes").code)
	f.put(t, "a.yaml", "a", "")
	require.NoError(t, os.Remove(filepath.Join(f.path, "b.yaml")))

	// Whose sync has a file is known at once; the list of all follows soon.
	path := filepath.Join(f.path, "a.yaml")
	require.Eventually(t, func() bool { return len(f.actions(t)) == 3 }, patience, 50*time.Millisecond)
	kept := f.apply(t)
	require.Equal(t, answer{stdout: "? a: every 6h; " + path + " does not say when, kept: --prune deletes it\n" +
		"? a of proofs: every 24h; " + path + " does not say when, kept: --prune deletes it\n" +
		"? b: every 6h; no file has this sync, kept: --prune deletes it\n3 that no file asks for\n"}, kept)
	require.Equal(t, "every 6h", f.words(t, "b", schedule.Runs))

	pruned := f.apply(t, "--prune", "--yes")
	require.Zero(t, pruned.code, pruned.stderr)
	require.Contains(t, pruned.stdout, "- b: every 6h; no file has this sync\n3 to delete\n")
	for _, sync := range []string{"a", "b"} {
		require.Empty(t, f.words(t, sync, schedule.Runs)+f.words(t, sync, schedule.Proofs))
	}
	nothing := f.apply(t, "--prune", "--yes")
	require.Equal(t, answer{stdout: "no file says when its sync runs (schedule)\n"}, nothing)
}

func TestOneMistakeInOneFileAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put(t, "a.yaml", "a", "{every: 6h}")
	f.put(t, "b.yaml", "b", "{evry: 6h}")
	f.put(t, "c.yaml", "a", "{every: 12h}")
	refused := f.apply(t, "--yes")
	require.Equal(t, exitUsage, refused.code)
	require.Empty(t, refused.stdout)
	require.Regexp(t, `(?m)b\.yaml:\d+:12: schedule\.evry: unknown key; did you mean "every"\?$`, refused.stderr)
	require.Contains(t, refused.stderr, "c.yaml: sync: a is the name of "+filepath.Join(f.path, "a.yaml")+" too; a sync has one file\n")
	require.Contains(t, refused.stderr, "nothing was changed\n")
	require.Empty(t, f.words(t, "a", schedule.Runs))
}

func TestApplyAsksOnATerminalAndNeverElsewhere(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put(t, "demo.yaml", "demo", "{every: 6h}")
	nobody := f.apply(t)
	require.Equal(t, answer{
		code: exitUsage, stdout: "+ demo: every 6h\n1 to create\n",
		stderr: "error: nothing was changed: there is nobody to ask; add --yes to do this, or --dry-run to only look\n",
	}, nobody)

	said := func(text string, args ...string) answer {
		var stdout, stderr bytes.Buffer
		a := &app{stdout: &stdout, stderr: &stderr, stdin: strings.NewReader(text)}
		return a.callFor(t.Context(), t, &stdout, &stderr, f.with(t, append([]string{"apply", f.path}, args...)...))
	}
	for _, no := range []string{"n\n", "\n", "", "yep\n"} {
		require.Equal(t, answer{code: exitCancelled, stdout: "+ demo: every 6h\n1 to create\n", stderr: "do this? [y/N] error: nothing was changed\n"}, said(no))
		require.Nil(t, f.found(t, schedule.Runs))
	}
	asked := said("y\n", "-o", "json")
	require.Equal(t, "+ demo: every 6h\n1 to create\ndo this? [y/N] ", asked.stderr, "what is asked about stands beside the JSON")
	require.True(t, decoded[shownApply](t, asked).Applied)
	require.NotNil(t, f.found(t, schedule.Runs))
	looked := decoded[shownApply](t, f.apply(t, "--dry-run", "-o", "json"))
	require.False(t, looked.Applied)
	require.Equal(t, actionNone, looked.Changes[0].Action)
}

func TestAFolderWithoutSyncFilesIsAMistake(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, path := range []string{empty, filepath.Join(empty, "nowhere")} {
		require.Equal(t, answer{code: exitUsage, stderr: "error: " + path + " has no sync file (*.yaml): name the folder of the sync files\n"}, call(t, "schedule", "apply", path))
	}
	require.Equal(t, answer{code: exitUsage, stderr: "error: --dry-run changes nothing, and --yes changes everything: leave one of them out\n"},
		call(t, "schedule", "apply", empty, "--yes", "--dry-run"))
}
