package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/config"
	"audiencesync/internal/notify"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestATransitionIsToldOnce(t *testing.T) {
	t.Parallel()
	type step struct {
		end  notify.End
		told config.NotifyEvent
	}
	const nothing = config.NotifyEvent("")
	for name, steps := range map[string][]step{
		"good runs say nothing":            {{notify.Good, nothing}, {notify.Good, nothing}, {notify.Good, nothing}},
		"the first bad one, and the end":   {{notify.Good, nothing}, {notify.Unexplained, config.NotifyBad}, {notify.Unexplained, nothing}, {notify.Unexplained, nothing}, {notify.Good, config.NotifyRecovered}, {notify.Good, nothing}},
		"a first run that is bad":          {{notify.Refused, config.NotifyBad}, {notify.Refused, nothing}, {notify.Good, config.NotifyRecovered}},
		"bad in another way":               {{notify.Outside, config.NotifyBad}, {notify.Failed, config.NotifyBad}, {notify.Failed, nothing}, {notify.Good, config.NotifyRecovered}},
		"what a person stopped is no news": {{notify.Stopped, nothing}, {notify.Failed, config.NotifyBad}, {notify.Stopped, nothing}, {notify.Failed, nothing}, {notify.Stopped, nothing}, {notify.Good, config.NotifyRecovered}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := notify.State{WatchedAt: noon}
			for i, step := range steps {
				var told config.NotifyEvent
				state, told = state.RunEnded(step.end, noon.Add(time.Duration(i)*time.Hour))
				require.Equal(t, step.told, told, "run %d", i+1)
			}
		})
	}
}

func TestBadSinceIsWhenItBegan(t *testing.T) {
	t.Parallel()
	state, _ := notify.State{}.RunEnded(notify.Unexplained, noon)
	state, _ = state.RunEnded(notify.Failed, noon.Add(time.Hour))
	require.Equal(t, notify.Failed, state.Bad)
	require.Equal(t, noon, state.Since)
	state, _ = state.RunEnded(notify.Good, noon.Add(2*time.Hour))
	require.Equal(t, notify.State{EndedAt: noon.Add(2 * time.Hour)}, state)
}

func TestARunThatStandsStillIsToldOnceAndThatASyncIsGoodAgain(t *testing.T) {
	t.Parallel()
	state, told := notify.State{}.RunStalled(12)
	require.Equal(t, config.NotifyStalled, told)
	state, told = state.RunStalled(12)
	require.Empty(t, told, "it moved in between")
	state, told = state.RunEnded(notify.Stopped, noon)
	require.Empty(t, told)
	state, told = state.RunStalled(13)
	require.Equal(t, config.NotifyStalled, told, "it is another run")
	state, told = state.RunEnded(notify.Good, noon.Add(time.Hour))
	require.Equal(t, config.NotifyRecovered, told)
	require.Equal(t, notify.State{EndedAt: noon.Add(time.Hour)}, state)
	_, told = state.RunEnded(notify.Good, noon.Add(2*time.Hour))
	require.Empty(t, told)
}

func TestAnEndThatComesLateChangesNothing(t *testing.T) {
	t.Parallel()
	state, _ := notify.State{}.RunEnded(notify.Good, noon.Add(time.Hour))
	again, told := state.RunEnded(notify.Failed, noon)
	require.Empty(t, told)
	require.Equal(t, state, again)
}

func TestASyncIsOverdueOnceUntilARunEndsWell(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	state := notify.State{WatchedAt: noon}
	state, told := state.Due(time.Time{}, day, noon.Add(day))
	require.Empty(t, told, "not before more than a day has passed since it is watched")
	state, told = state.Due(time.Time{}, day, noon.Add(day+time.Second))
	require.Equal(t, config.NotifyOverdue, told)
	state, told = state.Due(time.Time{}, day, noon.Add(2*day))
	require.Empty(t, told)
	state, told = state.RunEnded(notify.Failed, noon.Add(2*day))
	require.Equal(t, config.NotifyBad, told)
	state, told = state.Due(time.Time{}, day, noon.Add(3*day))
	require.Empty(t, told)
	state, told = state.RunEnded(notify.Good, noon.Add(4*day))
	require.Equal(t, config.NotifyRecovered, told)
	good := noon.Add(4 * day)
	state, told = state.Due(good, day, good.Add(day))
	require.Empty(t, told)
	state, told = state.Due(good, 0, good.Add(100*day))
	require.Empty(t, told, "zero is never")
	_, told = state.Due(good, day, good.Add(day+time.Second))
	require.Equal(t, config.NotifyOverdue, told)
}

func TestADigestIsDueEveryWeek(t *testing.T) {
	t.Parallel()
	state := notify.State{WatchedAt: noon}
	require.False(t, state.DigestDue(noon.Add(notify.DigestEvery-time.Second)))
	require.True(t, state.DigestDue(noon.Add(notify.DigestEvery)))
	state.DigestAt = noon.Add(notify.DigestEvery)
	require.False(t, state.DigestDue(noon.Add(notify.DigestEvery+time.Hour)))
	require.Equal(t, state.DigestAt, state.DigestFrom())
}

// Whatever happens: good news is told only after bad news, and no news twice.
func TestNotificationsAlternate(t *testing.T) {
	t.Parallel()
	ends := []notify.End{
		notify.Good, notify.Outside, notify.Unexplained, notify.Unverifiable, notify.Failed, notify.Refused, notify.NotApproved, notify.Stopped,
	}
	rapid.Check(t, func(t *rapid.T) {
		state, at, lastGood := notify.State{WatchedAt: noon}, noon, time.Time{}
		last, bad := "", false // What was told last, with the kind of bad; and whether it was bad.
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			at = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
			var told config.NotifyEvent
			news, end := "", notify.End("")
			if rapid.Bool().Draw(t, "due") {
				state, told = state.Due(lastGood, 26*time.Hour, at)
				news = string(told)
			} else {
				end = rapid.SampledFrom(ends).Draw(t, "end")
				before := state
				state, told = state.RunEnded(end, at)
				if news = string(told); told == config.NotifyBad {
					news += " " + string(end)
				}
				again, second := state.RunEnded(end, at)
				require.Empty(t, second, "the same end, handed in again, is told again")
				require.Equal(t, state, again)
				if end == notify.Stopped {
					require.Equal(t, before, state)
				}
			}
			switch told {
			case "":
			case config.NotifyRecovered:
				require.True(t, bad, "recovered from nothing")
				require.Equal(t, notify.Good, end)
				bad = false
			default:
				require.NotEqual(t, last, news, "told twice")
				bad = true
			}
			if told != "" {
				last = news
			}
			if end == notify.Good {
				lastGood = at
				require.False(t, bad, "a good run, and it is still bad")
			}
		}
	})
}
