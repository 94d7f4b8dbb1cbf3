package timetable_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/timetable"
)

func TestCronIsReadAsCronReadsIt(t *testing.T) {
	t.Parallel()
	all := timetable.Calendar{
		Minutes: timetable.Between(0, 59), Hours: timetable.Between(0, 23), Days: timetable.Between(1, 31),
		Months: timetable.Between(1, 12), Weekdays: timetable.Between(0, 6),
	}
	for expression, change := range map[string]func(*timetable.Calendar){
		"* * * * *": func(*timetable.Calendar) {},
		"0 6 * * *": func(c *timetable.Calendar) { c.Minutes, c.Hours = timetable.Of(0), timetable.Of(6) },
		"*/20 8-18/5,22 * * *": func(c *timetable.Calendar) {
			c.Minutes, c.Hours = timetable.Of(0, 20, 40), timetable.Of(8, 13, 18, 22)
		},
		"50/4 * * * *":    func(c *timetable.Calendar) { c.Minutes = timetable.Of(50, 54, 58) },
		"* * 1,15 * *":    func(c *timetable.Calendar) { c.Days = timetable.Of(1, 15) },
		"* * 31 1-3 *":    func(c *timetable.Calendar) { c.Days, c.Months = timetable.Of(31), timetable.Of(1, 2, 3) },
		"* * * Jan,DEC *": func(c *timetable.Calendar) { c.Months = timetable.Of(1, 12) },
		"* * * * mon-fri": func(c *timetable.Calendar) { c.Weekdays = timetable.Between(1, 5) },
		"* * * * 7":       func(c *timetable.Calendar) { c.Weekdays = timetable.Of(0) },
		"* * * * 5-7":     func(c *timetable.Calendar) { c.Weekdays = timetable.Of(0, 5, 6) },
		"* * * * 0-7":     func(*timetable.Calendar) {},
		"* * */2 * *": func(c *timetable.Calendar) {
			c.Days = timetable.Of(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
		},
		"* * 1-31 * 1": func(c *timetable.Calendar) { c.Weekdays = timetable.Of(1) },
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			want := all
			change(&want)
			got, err := timetable.Cron(expression)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestCronThatCannotBeReadSaysWhichFieldAndHow(t *testing.T) {
	t.Parallel()
	const remedy = ": write *, or numbers from "
	for expression, problem := range map[string]string{
		"":               "write five fields: minute, hour, day of month, month, day of week",
		"0 6 * *":        "write five fields: minute, hour, day of month, month, day of week",
		"0 0 6 * * *":    "write five fields: minute, hour, day of month, month, day of week",
		"@daily":         "write five fields: minute, hour, day of month, month, day of week",
		"60 6 * * *":     "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"0 24 * * *":     "hour" + remedy + "0 to 23, ranges such as 0-1, steps such as */2, or several with commas",
		"0 6 0 * *":      "day of month" + remedy + "1 to 31, ranges such as 1-2, steps such as */2, or several with commas",
		"0 6 * 13 *":     "month" + remedy + "1 to 12, ranges such as 1-2, steps such as */2, or several with commas",
		"0 6 * * 8":      "day of week" + remedy + "0 to 7, ranges such as 0-1, steps such as */2, or several with commas",
		"0 6 * * monday": "day of week" + remedy + "0 to 7, ranges such as 0-1, steps such as */2, or several with commas",
		"5-1 * * * *":    "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"*/0 * * * *":    "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"1,,2 * * * *":   "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"+1 * * * *":     "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"1-2-3 * * * *":  "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"? * * * *":      "minute" + remedy + "0 to 59, ranges such as 0-1, steps such as */2, or several with commas",
		"0 6 30 2 *":     "no day is ever like that",
		"0 6 1 * 1": "day of month and day of week are both restricted, which cron and Temporal read otherwise; " +
			"write calendars instead: what stands in one of them must hold together, and there may be several",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := timetable.Cron(expression)
			require.EqualError(t, err, problem)
		})
	}
}

func TestTimetablesHaveWords(t *testing.T) {
	t.Parallel()
	for words, table := range map[string]timetable.Timetable{
		"every 6h":                       timetable.Every(6 * time.Hour),
		"every 1h30m":                    timetable.Every(90 * time.Minute),
		"every 45s":                      timetable.Every(45 * time.Second),
		"daily at 06:00 (Europe/Berlin)": cron(t, "Europe/Berlin", "0 6 * * *"),
		"daily at 06:00, 18:30 (Europe/Berlin)": timetable.In(zone(t, "Europe/Berlin"),
			timetable.Daily(6, 0), timetable.Daily(18, 30)),
		"on Monday to Friday at 06:00 (UTC)":                       cron(t, "UTC", "0 6 * * 1-5"),
		"on Monday, Sunday at 06:00, 06:30 (UTC)":                  cron(t, "UTC", "0,30 6 * * 0,1"),
		"on day 1, 15 of the month at 06:00 (UTC)":                 cron(t, "UTC", "0 6 1,15 * *"),
		"on day 1 of the month in January to March at 06:00 (UTC)": cron(t, "UTC", "0 6 1 1-3 *"),
		"every hour at minute 0":                                   cron(t, "Europe/Berlin", "0 * * * *"),
		"every hour at minute 0, 15, 30, 45 (Asia/Kolkata)":        cron(t, "Asia/Kolkata", "*/15 * * * *"),
		"on Monday every hour at minute 0 (UTC)":                   cron(t, "UTC", "0 * * * 1"),
		"daily in minute 0, 30 of hour 6 to 22 (UTC)":              cron(t, "UTC", "0,30 6-22 * * *"),
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, words, table.String())
		})
	}
	monday, err := timetable.Cron("0 6 * * 1")
	require.NoError(t, err)
	first, err := timetable.Cron("0 8 1 * *")
	require.NoError(t, err)
	require.Equal(t, "on Monday at 06:00; on day 1 of the month at 08:00 (UTC)", timetable.In(time.UTC, monday, first).String())
}
