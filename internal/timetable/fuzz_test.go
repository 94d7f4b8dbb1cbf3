package timetable_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/timetable"
)

// Whatever is read as cron comes, and is due when it says.
func FuzzCron(f *testing.F) {
	for _, expression := range []string{"0 6 * * 1-5", "*/15 0,2 1-31/2 jan-mar *", "30 2 29 2 *", "5-1 * * * *", "0 0 * * 7", ""} {
		f.Add(expression, int64(1_800_000_000))
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, expression string, seconds int64) {
		calendar, err := timetable.Cron(expression)
		if err != nil {
			return
		}
		now := time.Unix(1_700_000_000+seconds%(50*365*24*3600), 0)
		table := timetable.In(berlin, calendar)
		next, ok := table.Next(now)
		require.True(t, ok)
		require.True(t, next.After(now))
		last, ok := table.Last(next)
		require.True(t, ok)
		require.True(t, last.Equal(next))
		require.True(t, table.Due(next).Equal(next))
		require.NotEmpty(t, table.String())
	})
}
