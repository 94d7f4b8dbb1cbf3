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
