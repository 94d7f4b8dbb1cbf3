package timetable_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/timetable"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

// at reads a time of the clock with its offset: "2027-03-28 03:30 +0200".
func at(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04 -0700", text)
	require.NoError(t, err)
	return at
}

// dailyIn is the timetable of one time of every day.
func dailyIn(t *testing.T, name string, hour, minute int) timetable.Timetable {
	t.Helper()
	return timetable.In(zone(t, name), timetable.Daily(hour, minute))
}

func cron(t *testing.T, name, expression string) timetable.Timetable {
	t.Helper()
	calendar, err := timetable.Cron(expression)
	require.NoError(t, err)
	return timetable.In(zone(t, name), calendar)
}

func TestAnIntervalIsCountedFromTheEpoch(t *testing.T) {
	t.Parallel()
	table := timetable.Every(6 * time.Hour)
	next, ok := table.Next(at(t, "2027-03-28 06:00 +0000"))
	require.True(t, ok)
	require.Equal(t, at(t, "2027-03-28 12:00 +0000").UTC(), next.UTC())
	last, ok := table.Last(at(t, "2027-03-28 06:00 +0000"))
	require.True(t, ok)
	require.Equal(t, at(t, "2027-03-28 06:00 +0000").UTC(), last.UTC())
	moment := at(t, "2027-03-28 07:13 +0000")
	require.Equal(t, moment, table.Due(moment), "an interval knows no slots")
	require.Empty(t, table.CatchUp())
	require.Empty(t, table.Doubtful())
}

func TestASlotIsDueOnceOnEveryDay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"UTC", "Europe/Berlin", "Europe/London", "Atlantic/Azores", "America/New_York", "America/Santiago", "Africa/Casablanca",
		"Africa/Cairo", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kolkata",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, minute := range []int{0, 30, 60, 90, 120, 135, 150, 180, 210, 360, 23*60 + 30} {
				table := dailyIn(t, name, minute/60, minute%60)
				days := 0
				for at, end := time.Date(2027, 1, 1, 0, 0, 0, 0, table.Zone()).Add(-time.Second), time.Date(2028, 1, 1, 0, 0, 0, 0, table.Zone()); ; days++ {
					next, ok := table.Next(at)
					require.True(t, ok)
					last, ok := table.Last(next.Add(time.Minute))
					require.True(t, ok)
					require.Equal(t, next, last, "forwards and backwards are the same")
					require.Equal(t, next, table.Due(next))
					if !next.Before(end) {
						break
					}
					at = next
				}
				require.Equal(t, 365, days, "%02d:%02d", minute/60, minute%60)
			}
		})
	}
}

func TestASlotThatTheClockLeavesOutIsDueAsLongAfterTheChangeAsItWasBefore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table timetable.Timetable
		day   string
		due   string
	}{
		"Berlin":    {dailyIn(t, "Europe/Berlin", 2, 30), "2027-03-28 00:00 +0100", "2027-03-28 03:30 +0200"},
		"at once":   {dailyIn(t, "Europe/Berlin", 2, 0), "2027-03-28 00:00 +0100", "2027-03-28 03:00 +0200"},
		"New York":  {dailyIn(t, "America/New_York", 2, 30), "2027-03-14 00:00 -0500", "2027-03-14 03:30 -0400"},
		"half hour": {dailyIn(t, "Australia/Lord_Howe", 2, 15), "2027-10-03 00:00 +1030", "2027-10-03 02:45 +1100"},
		"midnight":  {dailyIn(t, "Africa/Cairo", 0, 30), "2027-04-29 23:30 +0200", "2027-04-30 01:30 +0300"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due, ok := c.table.Next(at(t, c.day))
			require.True(t, ok)
			require.True(t, due.Equal(at(t, c.due)), due.In(c.table.Zone()))
		})
	}
}

func TestASlotThatTheClockShowsTwiceIsDueTheFirstTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table timetable.Timetable
		day   string
		due   string
	}{
		"Berlin":   {dailyIn(t, "Europe/Berlin", 2, 30), "2027-10-31 00:00 +0200", "2027-10-31 02:30 +0200"},
		"New York": {dailyIn(t, "America/New_York", 1, 30), "2027-11-07 00:00 -0400", "2027-11-07 01:30 -0400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due, ok := c.table.Next(at(t, c.day))
			require.True(t, ok)
			require.True(t, due.Equal(at(t, c.due)), due.In(c.table.Zone()))
			next, ok := c.table.Next(due)
			require.True(t, ok)
			require.Equal(t, 25*time.Hour, next.Sub(due))
		})
	}
}

func TestWhatASchedulerDoesBecauseOfTheClockMeansTheSlot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table timetable.Timetable
		acts  string
		means string
	}{
		"on time":                       {dailyIn(t, "Europe/Berlin", 6, 0), "2027-03-28 06:00 +0200", "2027-03-28 06:00 +0200"},
		"for a slot that is left out":   {dailyIn(t, "Europe/Berlin", 2, 30), "2027-03-28 03:30 +0200", "2027-03-28 03:30 +0200"},
		"to catch up, and nothing is":   {dailyIn(t, "Europe/Berlin", 2, 30), "2027-03-21 03:30 +0100", "2027-03-21 02:30 +0100"},
		"only the second time":          {dailyIn(t, "Europe/Berlin", 2, 30), "2027-10-31 02:30 +0100", "2027-10-31 02:30 +0200"},
		"again, an hour after":          {dailyIn(t, "Europe/Berlin", 1, 30), "2027-10-31 02:30 +0200", "2027-10-31 01:30 +0200"},
		"again, half an hour by":        {dailyIn(t, "Australia/Lord_Howe", 1, 0), "2027-04-04 01:30 +1030", "2027-04-04 01:00 +1100"},
		"on a day that it mistakes":     {cron(t, "Africa/Cairo", "0 6 * * 4"), "2027-04-30 06:00 +0300", "2027-04-29 06:00 +0200"},
		"the second time":               {dailyIn(t, "America/New_York", 1, 30), "2027-11-07 01:30 -0500", "2027-11-07 01:30 -0400"},
		"the second time, among others": {cron(t, "America/New_York", "*/15 0-5 * * *"), "2027-11-07 01:15 -0500", "2027-11-07 01:45 -0400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due := c.table.Due(at(t, c.acts))
			require.True(t, due.Equal(at(t, c.means)), due.In(c.table.Zone()))
		})
	}
}

func TestAPersonWhoActsByHandMeansNow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table timetable.Timetable
		acts  string
	}{
		"long after":                 {dailyIn(t, "Europe/Berlin", 6, 0), "2027-06-15 14:07 +0200"},
		"an hour after":              {dailyIn(t, "Europe/Berlin", 6, 0), "2027-06-15 07:00 +0200"},
		"on a day of change":         {dailyIn(t, "Europe/Berlin", 1, 30), "2027-10-31 02:17 +0100"},
		"hours after it":             {dailyIn(t, "Europe/Berlin", 1, 30), "2027-10-31 09:30 +0100"},
		"when nothing is caught up":  {dailyIn(t, "Europe/Berlin", 2, 30), "2027-03-22 03:30 +0200"},
		"beside the time that is":    {dailyIn(t, "Europe/Berlin", 2, 30), "2027-03-21 03:31 +0100"},
		"before anything was due":    {timetable.In(time.UTC), "2027-03-21 03:31 +0100"},
		"with an interval":           {timetable.Every(time.Hour), "2027-03-21 03:31 +0100"},
		"with times of other months": {cron(t, "Europe/Berlin", "30 2 * 7 *"), "2027-03-28 03:30 +0200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acts := at(t, c.acts)
			require.Equal(t, acts, c.table.Due(acts))
		})
	}
}

func TestSlotsThatTheClockLeavesOutAreCaughtUpWithFewTimes(t *testing.T) {
	t.Parallel()
	berlin := dailyIn(t, "Europe/Berlin", 2, 30).CatchUp()
	require.Len(t, berlin, 1)
	require.Equal(t, timetable.Of(3), berlin[0].Hours)
	require.Equal(t, timetable.Of(30), berlin[0].Minutes)
	require.Equal(t, timetable.Of(3), berlin[0].Months)
	require.Equal(t, timetable.Of(0), berlin[0].Weekdays)

	require.Empty(t, dailyIn(t, "Europe/Berlin", 6, 0).CatchUp())
	require.Empty(t, dailyIn(t, "Asia/Kolkata", 2, 30).CatchUp())
	require.Empty(t, cron(t, "Europe/Berlin", "30 2,3 * * *").CatchUp(), "the wall clock shows another slot then")
	require.Empty(t, cron(t, "Europe/Berlin", "30 2 * 7 *").CatchUp(), "no clock is changed in July")
	require.Len(t, cron(t, "Europe/Berlin", "0,30 2 * * *").CatchUp(), 2)
	// Temporal takes a Friday without midnight for a Thursday.
	require.Equal(t, timetable.Of(4, 5), dailyIn(t, "Africa/Cairo", 0, 30).CatchUp()[0].Weekdays)
	fridays := cron(t, "Africa/Cairo", "0 6 * * 5").CatchUp()
	require.Len(t, fridays, 1)
	require.Equal(t, timetable.Of(6), fridays[0].Hours)
}

func TestEveryHourIsEveryHourWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	table := cron(t, "Europe/Berlin", "*/15 * * * *")
	require.Equal(t, time.UTC, table.Zone())
	require.Empty(t, table.CatchUp())
	require.Empty(t, table.Doubtful())
	moment := at(t, "2027-10-31 00:00 +0200")
	for range 40 {
		next, ok := table.Next(moment)
		require.True(t, ok)
		require.Equal(t, 15*time.Minute, next.Sub(moment))
		moment = next
	}
	require.NotEqual(t, time.UTC, cron(t, "Asia/Kolkata", "15 * * * *").Zone(), "the minutes are others in UTC")
	require.NotEqual(t, time.UTC, cron(t, "Europe/Berlin", "15 * * * 1-5").Zone(), "the days are others in UTC")
}

func TestTimesNearAChangeOfTheClockAreDoubtful(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table timetable.Timetable
		time  string
	}{
		"left out":             {dailyIn(t, "Europe/Berlin", 2, 30), "02:30"},
		"before it comes back": {dailyIn(t, "Europe/Berlin", 1, 0), "01:00"},
		"just after":           {dailyIn(t, "Europe/Berlin", 3, 0), "03:00"},
		"one of several":       {cron(t, "Europe/Berlin", "15 0,2,6 * * *"), "02:15"},
		"elsewhere":            {dailyIn(t, "Africa/Cairo", 0, 30), "00:30"},
		"midnight":             {dailyIn(t, "America/Santiago", 23, 30), "23:30"},
		"at six":               {dailyIn(t, "Europe/Berlin", 6, 0), ""},
		"after three":          {dailyIn(t, "Europe/Berlin", 3, 1), ""},
		"no change":            {dailyIn(t, "Asia/Kolkata", 2, 30), ""},
		"UTC":                  {dailyIn(t, "UTC", 2, 30), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.time, c.table.Doubtful())
		})
	}
}

func TestATimetableWithoutTimesComesToNothing(t *testing.T) {
	t.Parallel()
	table := timetable.In(zone(t, "Europe/Berlin"))
	_, ok := table.Next(at(t, "2027-03-28 00:00 +0100"))
	require.False(t, ok)
	_, ok = table.Last(at(t, "2027-03-28 00:00 +0100"))
	require.False(t, ok)
}

func TestTheNextLeapDayIsFound(t *testing.T) {
	t.Parallel()
	table := cron(t, "UTC", "0 6 29 2 *")
	next, ok := table.Next(at(t, "2096-03-01 00:00 +0000"))
	require.True(t, ok)
	require.Equal(t, at(t, "2104-02-29 06:00 +0000").UTC(), next.UTC())
}
