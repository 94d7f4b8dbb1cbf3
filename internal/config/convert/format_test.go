package convert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/config/convert"
)

// spell writes a moment as a pattern says, token by token.
func spell(pattern string, at time.Time) string {
	half, hour := "AM", at.Hour()%12
	if at.Hour() >= 12 {
		half = "pm"
	}
	if hour == 0 {
		hour = 12
	}
	return strings.NewReplacer(
		"YYYY", fmt.Sprintf("%04d", at.Year()), "MM", fmt.Sprintf("%02d", at.Month()), "M", fmt.Sprint(int(at.Month())),
		"DD", fmt.Sprintf("%02d", at.Day()), "D", fmt.Sprint(at.Day()), "HH", fmt.Sprintf("%02d", at.Hour()),
		"hh", fmt.Sprintf("%02d", hour), "h", fmt.Sprint(hour), "mm", fmt.Sprintf("%02d", at.Minute()), "ss", fmt.Sprintf("%02d", at.Second()),
		"A", half, "Z", "+05:30",
	).Replace(pattern)
}

func TestAPatternReadsWhatItSays(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 19800)
	patterns := rapid.SampledFrom([]string{
		"YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY", "D.M.YYYY", "MM/DD/YYYY", "M/D/YYYY", "YYYY/M/D", "DD-MM-YYYY", "D M YYYY",
		"YYYY-MM-DDTHH:mm:ss", "YYYYMMDDHHmmss", "DD.MM.YYYY, HH:mm", "M/D/YYYY h:mm A", "MM/DD/YYYY hh:mm:ss A", "hh:mmA DD.MM.YYYY", "YYYY-MM-DD HH:mm:ss Z", "YYYY-MM-DDTHH:mmZ",
	})
	rapid.Check(t, func(t *rapid.T) {
		pattern := patterns.Draw(t, "pattern")
		at := time.Unix(rapid.Int64Range(-62135596800+86400, 253402300799-86400).Draw(t, "seconds"), 0).In(zone)
		format, err := convert.NewFormat(pattern, zone)
		if err != nil {
			t.Fatal(err)
		}
		text := spell(pattern, at)
		if date, ok := format.Date(text); !ok || date != at.Format("2006-01-02") {
			t.Fatalf("%s of %s is %q", text, at, date)
		}
		if !strings.Contains(pattern, "mm") {
			return
		}
		want := at.Format("2006-01-02T15:04:05-07:00")
		if !strings.Contains(pattern, "ss") {
			want = at.Format("2006-01-02T15:04:00-07:00")
		}
		if moment, ok := format.DateTime(text); !ok || moment != want {
			t.Fatalf("%s of %s is %q", text, at, moment)
		}
	})
}

func TestAnEpochIsTheMomentThatItCounts(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	seconds, err := convert.NewFormat(convert.EpochSeconds, berlin)
	require.NoError(t, err)
	milliseconds, err := convert.NewFormat(convert.EpochMilliseconds, berlin)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62135500000, 253402200000).Draw(t, "seconds"), 0).In(berlin)
		want := at.Format("2006-01-02T15:04:05-07:00")
		for text, format := range map[string]convert.Format{
			fmt.Sprint(at.Unix()): seconds, fmt.Sprintf("%d.0", at.Unix()): seconds, fmt.Sprint(at.UnixMilli()): milliseconds,
		} {
			if moment, ok := format.DateTime(text); !ok || moment != want {
				t.Fatalf("%s is %q, not %s", text, moment, want)
			}
		}
	})
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func TestADayWithoutAMidnightKeepsItsDateAndBeginsWhereItsClockGoesOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, format, text, date, moment string }{
		{"America/Sao_Paulo", "DD.MM.YYYY", "21.10.1990", "1990-10-21", "1990-10-21T01:00:00-02:00"},
		{"America/Santiago", convert.ISO, "2023-09-03", "2023-09-03", "2023-09-03T01:00:00-03:00"},
		{"America/Santiago", convert.ISO, "2023-09-03 00:00:00", "2023-09-03", "2023-09-03T01:00:00-03:00"},
		{"America/Santiago", convert.ISO, "2023-09-03T00:00:00-04:00", "2023-09-03", "2023-09-03T00:00:00-04:00"},
		// Midnight comes twice.
		{"America/Havana", convert.ISO, "2023-11-05", "2023-11-05", "2023-11-05T00:00:00-04:00"},
		// So does the last hour of the day before.
		{"America/Sao_Paulo", convert.ISO, "2018-02-18", "2018-02-18", "2018-02-18T00:00:00-03:00"},
		// The whole day was skipped.
		{"Pacific/Apia", convert.ISO, "2011-12-30", "2011-12-30", "2011-12-31T00:00:00+14:00"},
		// The clock changes later in the day.
		{"Europe/Berlin", convert.ISO, "2026-03-29 02:30:00", "2026-03-29", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", convert.ISO, "2026-10-25 02:30:00", "2026-10-25", "2026-10-25T02:30:00+02:00"},
	} {
		format, err := convert.NewFormat(test.format, zoneOf(t, test.zone))
		require.NoError(t, err)
		date, ok := format.Date(test.text)
		require.True(t, ok)
		require.Equal(t, test.date, date, "%s in %s", test.text, test.zone)
		moment, ok := format.DateTime(test.text)
		require.True(t, ok)
		require.Equal(t, test.moment, moment, "%s in %s", test.text, test.zone)
	}
}

// Zones whose clocks change at midnight, by half an hour, by a day, or not at all.
var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Santiago", "America/Asuncion", "America/Havana", "America/St_Johns",
	"Atlantic/Azores", "Asia/Beirut", "Asia/Amman", "Asia/Tehran", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein",
}

func TestADateIsTheOneThatIsWrittenAndItsMomentIsItsFirst(t *testing.T) {
	t.Parallel()
	locations := make([]*time.Location, len(zones))
	for i, zone := range zones {
		locations[i] = zoneOf(t, zone)
	}
	patterns := map[string]string{convert.ISO: time.DateOnly, "DD.MM.YYYY": "02.01.2006", "M/D/YYYY": "1/2/2006"}
	// Before, some offsets have seconds, which ISO 8601 cannot write.
	first, days := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), 50_000
	rapid.Check(t, func(t *rapid.T) {
		day := first.AddDate(0, 0, rapid.IntRange(0, days).Draw(t, "day"))
		written := day.Format(time.DateOnly)
		for _, zone := range locations {
			for pattern, layout := range patterns {
				format, err := convert.NewFormat(pattern, zone)
				if err != nil {
					t.Fatal(err)
				}
				if date, ok := format.Date(day.Format(layout)); !ok || date != written {
					t.Fatalf("%s in %s is the date %q", day.Format(layout), zone, date)
				}
				moment, ok := format.DateTime(day.Format(layout))
				at, err := time.Parse(time.RFC3339, moment)
				if !ok || err != nil {
					t.Fatalf("%s in %s is the moment %q", day.Format(layout), zone, moment)
				}
				if shown := at.In(zone).Format(time.DateOnly); shown < written {
					t.Fatalf("%s in %s is %s, a day before", day.Format(layout), zone, moment)
				}
				for before := at.Add(-time.Second); at.Sub(before) < 30*time.Hour; before = before.Add(-15 * time.Minute) {
					if before.In(zone).Format(time.DateOnly) >= written {
						t.Fatalf("%s in %s is %s, and already %s was on that day", day.Format(layout), zone, moment, before.In(zone))
					}
				}
			}
		}
	})
}

func TestOffsetsAreReadAsDatabasesWriteThem(t *testing.T) {
	t.Parallel()
	format, err := convert.NewFormat(convert.ISO, zoneOf(t, "Asia/Tokyo"))
	require.NoError(t, err)
	for text, want := range map[string]string{
		"2026-01-31 10:00:00+00":        "2026-01-31T10:00:00+00:00",
		"2026-01-31 10:00:00.123456-08": "2026-01-31T10:00:00.123-08:00",
		"2026-01-31T10:00:00+02":        "2026-01-31T10:00:00+02:00",
		"2026-01-31 10:00:00+05:30":     "2026-01-31T10:00:00+05:30",
		"2026-01-31 10:00:00+0530":      "2026-01-31T10:00:00+05:30",
		"2026-01-31 10:00:00":           "2026-01-31T10:00:00+09:00",
	} {
		moment, ok := format.DateTime(text)
		require.True(t, ok, text)
		require.Equal(t, want, moment)
		date, ok := format.Date(text)
		require.True(t, ok, text)
		require.Equal(t, "2026-01-31", date)
	}
	for _, text := range []string{"2026-01-31 10:00:00+", "2026-01-31 10:00:00+2", "2026-01-31 10:00:00+25", "2026-01-31+00"} {
		_, ok := format.DateTime(text)
		require.False(t, ok, text)
	}
}

func TestAPatternThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"YYYY", "YY-MM-DD", "yyyy-MM-dd", "DD.MM", "YYYY-MM-DD X", "YYYY-MM-DD_HH", "YYYY-MM-DD hh", "YYYY-MM-DD HH A", "YYYY-DDD-MM", "2006-01-02", "YYYYöMMDD", "ISO", "epoch"} {
		_, err := convert.NewFormat(pattern, nil)
		require.ErrorContains(t, err, "YYYY, MM, DD", pattern)
	}
}

// FuzzFormat reads any text in any format: what it takes is a date that is
// written as it should be.
func FuzzFormat(f *testing.F) {
	for _, seed := range [][2]string{
		{"iso", "2026-01-31"},
		{"", "2026-01-31T10:00:00.123456789+14:00"},
		{"epoch_seconds", "-62135596800"},
		{"epoch_milliseconds", "253402300799999"},
		{"DD.MM.YYYY", "31.01.2026"},
		{"M/D/YYYY h:mm A Z", "1/31/2026 9:05 pm -11:00"},
		{"YYYYMMDDHHmmss", "20260131235960"},
		{"epoch_seconds", "1e18"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		format, err := convert.NewFormat(name, nil)
		if err != nil {
			return
		}
		date, isDate := format.Date(text)
		moment, isMoment := format.DateTime(text)
		if isDate != isMoment {
			t.Fatalf("%q is a date: %t, and a moment: %t", text, isDate, isMoment)
		}
		if !isDate {
			return
		}
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			t.Fatalf("%q became %q", text, date)
		}
		if _, err := time.Parse("2006-01-02T15:04:05.999-07:00", moment); err != nil || !strings.HasPrefix(moment, date) {
			t.Fatalf("%q became %q, on %s", text, moment, date)
		}
	})
}
