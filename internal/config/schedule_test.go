package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

// provable is a sync that can be proved.
const provable = minimalSync + "verification: {segment: seg-984}\n"

func scheduled(t *testing.T, section string) *config.Schedule {
	t.Helper()
	sync, err := config.ParseSync("sync.yaml", []byte(provable+"schedule: "+section+"\n"))
	require.NoError(t, err)
	return sync.Schedule
}

func TestAScheduleSaysWhenTheSyncRunsAndWhenItIsProved(t *testing.T) {
	t.Parallel()
	schedule := scheduled(t, `{cron: "0 6 * * 1-5", time_zone: Europe/Berlin, jitter: 5m, start: 2027-01-31, end: 2027-12-31T18:00, catch_up: 2h, pause_after: 0,
  verify: {calendars: [{at: ["03:30", "22:00"], weekdays: [sat, sun], days: [1, 31], months: [jan, dec]}]}}`)
	require.Equal(t, &config.Cadence{
		Cron: "0 6 * * 1-5", TimeZone: "Europe/Berlin", Jitter: config.Duration(5 * time.Minute), Start: "2027-01-31", End: "2027-12-31T18:00",
		CatchUp: config.Duration(2 * time.Hour),
	}, schedule.Runs())
	require.Equal(t, &config.Cadence{
		Calendars: []config.Calendar{{
			At: []config.ClockTime{"03:30", "22:00"}, Weekdays: []config.Weekday{"sat", "sun"}, Days: []int{1, 31}, Months: []config.Month{"jan", "dec"},
		}},
		TimeZone: "Europe/Berlin", CatchUp: config.Duration(time.Hour), PauseAfter: 3,
	}, schedule.Proofs(), "the time zone is that of the schedule, the rest has its own defaults")

	for words, cadence := range map[string]*config.Cadence{
		"on Monday to Friday at 06:00 (Europe/Berlin)":                                                       schedule.Runs(),
		"on Saturday, Sunday on day 1, 31 of the month in January, December at 03:30, 22:00 (Europe/Berlin)": schedule.Proofs(),
		"every 6h":                           scheduled(t, "{every: 6h}").Runs(),
		"daily at 06:00, 18:00, 12:30 (UTC)": scheduled(t, `{calendars: [{at: ["06:00", "12:30", "18:00"]}]}`).Runs(),
	} {
		times, err := cadence.Timetable()
		require.NoError(t, err)
		require.Equal(t, words, times.String())
	}
}

func TestTheDayOfAnEndIsPartOfTheSchedule(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, c := range []struct {
		section    string
		start, end time.Time
	}{
		{"{every: 1h}", time.Time{}, time.Time{}},
		{
			"{every: 1h, time_zone: Europe/Berlin, start: 2027-03-28, end: 2027-10-31}",
			time.Date(2027, 3, 28, 0, 0, 0, 0, berlin), time.Date(2027, 10, 31, 23, 59, 59, 0, berlin),
		},
		{"{every: 1h, start: 2027-03-28T06:00, end: 2027-03-28T18:30}", time.Date(2027, 3, 28, 6, 0, 0, 0, time.UTC), time.Date(2027, 3, 28, 18, 30, 0, 0, time.UTC)},
	} {
		start, end, err := scheduled(t, c.section).Runs().Bounds()
		require.NoError(t, err)
		require.True(t, c.start.Equal(start), start)
		require.True(t, c.end.Equal(end), end)
	}
}

func TestASyncMayBeProvedByItselfAndRunByHand(t *testing.T) {
	t.Parallel()
	schedule := scheduled(t, "{time_zone: Europe/Berlin, verify: {every: 24h}}")
	require.Nil(t, schedule.Runs())
	require.Equal(t, config.Duration(24*time.Hour), schedule.Proofs().Every)

	var none *config.Schedule
	require.Nil(t, none.Runs())
	require.Nil(t, none.Proofs())
	require.Nil(t, scheduled(t, "{every: 6h}").Proofs())
}

// What a run pins, and with it every fingerprint, is the same whenever the sync runs.
func TestAScheduleIsNoPartOfWhatARunPins(t *testing.T) {
	t.Parallel()
	without, err := config.ParseSync("sync.yaml", []byte(provable))
	require.NoError(t, err)
	with, err := config.ParseSync("sync.yaml", []byte(provable+"schedule: {every: 6h, verify: {every: 24h}}\n"))
	require.NoError(t, err)
	require.NotNil(t, with.Schedule)
	one, err := json.Marshal(without)
	require.NoError(t, err)
	other, err := json.Marshal(with)
	require.NoError(t, err)
	require.JSONEq(t, string(one), string(other))
}

func TestACadenceSurvivesJSON(t *testing.T) {
	t.Parallel()
	cadence := *scheduled(t, `{calendars: [{at: ["06:00"], weekdays: [mon], days: [1], months: [jan]}], time_zone: Europe/Berlin, start: 2027-01-31, end: 2027-12-31T18:00, pause_after: 0}`).Runs()
	raw, err := json.Marshal(cadence)
	require.NoError(t, err)
	var again config.Cadence
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Equal(t, cadence, again)
}

func TestASectionScheduleIsRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	const times = "exactly one of every, cron or calendars"
	for name, c := range map[string]struct{ section, problem string }{
		"nothing":             {"{}", "8:1: schedule: says no times; expected " + times},
		"only a zone":         {"{time_zone: UTC}", "8:1: schedule: says no times; expected " + times},
		"two":                 {`{every: 6h, cron: "0 6 * * *"}`, `8:23: schedule.cron: there is "every" already; expected ` + times},
		"often":               {"{every: 59s}", "8:19: schedule.every: expected at least 1m"},
		"parts of a second":   {"{every: 90.5s}", "8:19: schedule.every: expected whole seconds"},
		"a number":            {"{every: 6}", `8:19: schedule.every: a number without a unit is not a duration; write "90s", "15m" or "1h30m"`},
		"cron of six fields":  {`{cron: "0 0 6 * * *"}`, "8:18: schedule.cron: write five fields: minute, hour, day of month, month, day of week"},
		"cron out of range":   {`{cron: "0 24 * * *"}`, "8:18: schedule.cron: hour: write *, or numbers from 0 to 23, ranges such as 0-1, steps such as */2, or several with commas"},
		"both days":           {`{cron: "0 6 1 * 1"}`, "8:18: schedule.cron: day of month and day of week are both restricted, which cron and Temporal read otherwise; write calendars instead: what stands in one of them must hold together, and there may be several"},
		"no calendar":         {"{calendars: []}", "8:23: schedule.calendars: the list is empty; give at least one calendar or delete the key"},
		"no time":             {"{calendars: [{weekdays: [mon]}]}", `8:24: schedule.calendars[0].at: missing; expected a list`},
		"no times":            {"{calendars: [{at: []}]}", `8:29: schedule.calendars[0].at: the list is empty; give at least one time or delete the key`},
		"another hour":        {`{calendars: [{at: ["6:00"]}]}`, `8:30: schedule.calendars[0].at[0]: expected a time of the clock such as "06:00" or "18:30", in quotes`},
		"no quotes":           {`{calendars: [{at: ["03:30", 22:00]}]}`, `8:39: schedule.calendars[0].at[1]: expected a time of the clock such as "06:00" or "18:30", in quotes`},
		"hour 24":             {`{calendars: [{at: ["24:00"]}]}`, `8:30: schedule.calendars[0].at[0]: expected a time of the clock such as "06:00" or "18:30", in quotes`},
		"time twice":          {`{calendars: [{at: ["06:00", "06:00"]}]}`, `8:39: schedule.calendars[0].at[1]: the same as entry 1 of the list; delete one`},
		"another day":         {`{calendars: [{at: ["06:00"], weekdays: [monday]}]}`, `8:51: schedule.calendars[0].weekdays[0]: expected one of "mon", "tue", "wed", "thu", "fri", "sat", "sun"`},
		"day 32":              {`{calendars: [{at: ["06:00"], days: [32]}]}`, `8:47: schedule.calendars[0].days[0]: expected a day of the month, from 1 to 31`},
		"30 February":         {`{calendars: [{at: ["06:00"], days: [30], months: [feb]}]}`, `8:24: schedule.calendars[0]: no day is ever like that`},
		"no such zone":        {"{every: 6h, time_zone: Berlin}", `8:34: schedule.time_zone: expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"zone of the machine": {"{every: 6h, time_zone: Local}", `8:34: schedule.time_zone: expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"another start":       {"{every: 6h, start: 31.1.2027}", `8:30: schedule.start: expected a day such as "2027-01-31", or a time such as "2027-01-31T06:00", in the schedule's time zone`},
		"end before start":    {"{every: 6h, start: 2027-02-01, end: 2027-01-31}", "8:47: schedule.end: must be after start"},
		"little to catch up":  {"{every: 6h, catch_up: 1s}", "8:33: schedule.catch_up: expected at least 10s"},
		"a year to catch up":  {"{every: 6h, catch_up: 8760h}", "8:33: schedule.catch_up: expected at most 720h"},
		"long jitter":         {"{every: 6h, jitter: 25h}", "8:31: schedule.jitter: expected at most 24h"},
		"many failures":       {"{every: 6h, pause_after: 101}", "8:36: schedule.pause_after: expected a whole number from 0 to 100"},
		"another key":         {"{evry: 6h}", `8:12: schedule.evry: unknown key; did you mean "every"?`},
		"keys of no runs":     {"{catch_up: 2h, verify: {every: 24h}}", "8:12: schedule.catch_up: belongs to runs, and nothing says when they are; add every, cron or calendars, or move it below verify"},
		"proof without times": {"{every: 6h, verify: {catch_up: 2h}}", "8:23: schedule.verify: says no times; expected " + times},
		"proof of a proof":    {"{every: 6h, verify: {every: 24h, verify: {every: 1h}}}", `8:44: schedule.verify.verify: unknown key; did you mean "schedule.verify"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.ParseSync("f.yaml", []byte(provable+"schedule: "+c.section+"\n"))
			require.EqualError(t, err, "f.yaml:"+c.problem)
		})
	}
	_, err := config.ParseSync("f.yaml", []byte(minimalSync+"schedule: {every: 6h, verify: {every: 24h}}\n"))
	require.EqualError(t, err, "f.yaml:7:23: schedule.verify: the sync names no segment that could be proved; set verification.segment")
}

func TestTimesAtWhichClocksAreChangedAreWarnedOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, "the clocks of Europe/Berlin change near 02:30: it happens once on those days too, but up to an hour later than the clock says; "+
		"a time outside 01:00 to 03:00 leaves no doubt", scheduled(t, `{cron: "30 2 * * *", time_zone: Europe/Berlin}`).Warning())
	require.Contains(t, scheduled(t, `{calendars: [{at: ["06:00"]}, {at: ["01:30"]}], time_zone: Europe/Berlin}`).Warning(), "near 01:30")
	for _, section := range []string{
		`{cron: "0 6 * * *", time_zone: Europe/Berlin}`, `{cron: "30 2 * * *"}`, `{cron: "30 2 * * *", time_zone: Asia/Kolkata}`, "{every: 1h}",
	} {
		require.Empty(t, scheduled(t, section).Warning(), section)
	}
}
