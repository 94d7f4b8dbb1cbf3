package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
)

func TestAScheduleThatFailsAgainAndAgainIsPausedWithANote(t *testing.T) {
	t.Parallel()
	w, slack, _, spec := notified(t, 300)
	spec.Mapping.Tags = config.ConstantTags("zeotop")
	found := w.onceDue(t, spec, schedule.Runs, func(c *config.Cadence) { c.PauseAfter = 2 })
	require.Equal(t, activities.TypeOpenRefused, w.acts(t, found).Ended)
	require.False(t, w.lookSchedule(t, spec, schedule.Runs).Paused())
	require.Equal(t, activities.TypeOpenRefused, w.acts(t, found).Ended)
	paused := w.lookSchedule(t, spec, schedule.Runs)
	require.True(t, paused.Paused())
	require.Regexp(t, `^paused after 2 failures in a row, the last: sync demo: .*zeotop.*; mend that \(a changed sync file: audiencesync schedule update SYNC\.yaml\), and resume with: audiencesync schedule resume demo$`, paused.Note())
	w.awaitTold(t, 3)
	require.Equal(t, []config.NotifyEvent{config.NotifyBad, config.NotifyPaused}, slack.events())
	require.Contains(t, slack.messages[1].Text, "The schedule of sync demo is paused after 2 failures in a row: nothing is started any more.")
	require.Contains(t, slack.messages[1].WhatToDo, "audiencesync schedule resume demo")

	// Resumed and corrected, it goes on; the failures stay in its memory.
	require.NoError(t, paused.Resume(t.Context(), "resumed by anna"))
	good := spec
	good.Mapping.Tags = config.ConstantTags("zeotap")
	require.NoError(t, paused.Change(t.Context(), schedule.Wanted{Spec: good, Kind: schedule.Runs, Cadence: *paused.Pinned.Cadence}))
	require.Equal(t, string(audience.Explained), w.acts(t, w.lookSchedule(t, spec, schedule.Runs)).Ended)
	last, err := w.lookSchedule(t, spec, schedule.Runs).Last(t.Context(), w.client)
	require.NoError(t, err)
	require.Len(t, last, 3)
	require.Equal(t, []string{"explained", activities.TypeOpenRefused, activities.TypeOpenRefused}, []string{last[0].Ended, last[1].Ended, last[2].Ended})
}
