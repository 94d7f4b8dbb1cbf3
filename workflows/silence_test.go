package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

func TestARunAsksAfterSixteenPatientTriesOneAfterAnotherHoweverManyAreUnderWay(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var s Silence
	for round := range 16 {
		require.False(t, s.isLong(), "the run asks after %d rounds", round)
		for i := range 16 {
			// They begin together and end one after the other.
			s.lasts(sending{mode: activities.SendPatiently, began: at, ended: at.Add(14*time.Minute + time.Duration(i)*time.Second)})
		}
		at = at.Add(15 * time.Minute)
	}
	require.True(t, s.isLong())
	require.Equal(t, "Hello Charles has answered for nothing since 2026-03-02 12:14 UTC", s.why())

	s.approve()
	require.False(t, s.isLong())
	s.lasts(sending{mode: activities.SendInHalves, began: at, ended: at.Add(time.Minute)})
	require.Equal(t, "Hello Charles has answered for nothing since 2026-03-02 12:14 UTC", s.why(), "an approval is no answer")
	require.False(t, s.isLong())
}

func TestTheTimeForWhichAWorkerWasDownIsNoSilence(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var s Silence
	s.lasts(sending{mode: activities.SendPatiently, began: at, ended: at.Add(48 * time.Hour)})
	require.False(t, s.isLong())
}

func TestAnAnswerEndsTheSilence(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var p Postponed
	for range 3 {
		for range 15 {
			p.observe(sending{batch: 1, mode: activities.SendPatiently, began: at, ended: at.Add(15 * time.Minute)}, activities.SendBatchResult{Postponed: true})
			at = at.Add(15 * time.Minute)
		}
		require.False(t, p.Silence.isLong())
		p.Silence.approve()
		p.observe(sending{batch: 2, began: at, ended: at}, activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Created: 1}})
		require.Equal(t, Silence{}, p.Silence)
	}
}
