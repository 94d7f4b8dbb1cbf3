package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
)

var twelve = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestThePaceIsThatOfTheLastMinute(t *testing.T) {
	t.Parallel()
	var p Pace
	require.Zero(t, p.perSecond(twelve))
	p.note(twelve, 0)
	require.Zero(t, p.perSecond(twelve.Add(time.Minute)), "one moment is no pace")
	at, n := twelve, int64(0)
	for range 600 { // ten minutes at 100 a second
		at, n = at.Add(time.Second), n+100
		p.note(at, n)
	}
	require.InDelta(t, 100, p.perSecond(at), 1)
	for range 60 { // then one at 10
		at, n = at.Add(time.Second), n+10
		p.note(at, n)
	}
	require.InDelta(t, 10, p.perSecond(at), 8, "what was before is forgotten, but for the mark that the minute begins with")
	require.LessOrEqual(t, len(p.Marks), 14, "it takes no room in a history")
	require.Less(t, p.perSecond(at.Add(30*time.Second)), p.perSecond(at), "while nothing comes it falls")
	require.Zero(t, p.perSecond(at.Add(time.Minute)))
}

func TestTheTimeLeftGoesByTheBudgetUntilThePaceIsSure(t *testing.T) {
	t.Parallel()
	p := Progress{ToSend: 100_000, Settled: 10_000, Rate: 100, Allowed: 2000}
	require.Equal(t, int64(45), p.secondsLeft(3*time.Second))
	require.Equal(t, int64(900), p.secondsLeft(time.Minute))
	p.Allowed = 0
	require.Equal(t, int64(900), p.secondsLeft(3*time.Second), "an older worker has told no budget")
	p.Rate = 0
	require.Zero(t, p.secondsLeft(time.Minute), "nobody can tell")
	p.Rate, p.Settled = 100, 100_000
	require.Zero(t, p.secondsLeft(time.Minute))
}

func TestWhatMayBeSentASecondIsRequestsTimesContacts(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2000, (&activities.Allowed{RequestsPerSecond: 2, ContactsPerRequest: 1000}).ContactsPerSecond(), 0)
	for rate, text := range map[float64]string{0.25: "0.25", 7: "7", 12.345: "12.3", 1999.6: "2,000"} {
		require.Equal(t, text, SpellRate(rate))
	}
}
