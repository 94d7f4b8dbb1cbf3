package vendorhttp_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
)

var noon = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

func TestRetryAfterReadsSecondsAndDates(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"120":                            2 * time.Minute,
		" 120 ":                          2 * time.Minute,
		"-1":                             0,
		"1.5":                            0,
		"+5":                             0,
		"soon":                           0,
		"31536001":                       year,
		"99999999999999999999999999":     year,
		"Mon, 02 Nov 2026 12:00:30 GMT":  30 * time.Second,
		"Monday, 02-Nov-26 12:00:30 GMT": 30 * time.Second,
		"Mon Nov  2 12:00:30 2026":       30 * time.Second,
		"Mon, 02 Nov 2026 11:59:59 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  year,
	}
	for value, want := range tests {
		require.Equal(t, want, vendorhttp.RetryAfter(value, noon), value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "7", "-3", "1e3", "99999999999999999999", "Mon, 02 Nov 2026 12:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
		noon.Add(time.Hour).Format(http.TimeFormat), "\x00", "٣",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		delay := vendorhttp.RetryAfter(value, noon)
		if delay < 0 || delay > year || delay%time.Second != 0 {
			t.Fatalf("RetryAfter(%q) = %s", value, delay)
		}
		// Seconds are seconds, never milliseconds, and nothing else is a number.
		if seconds, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64); err == nil {
			require.Equal(t, min(seconds, uint64(year/time.Second)), uint64(delay/time.Second))
		} else if delay != 0 && !strings.ContainsFunc(value, unicode.IsLetter) {
			require.Equal(t, year, delay, "more digits than a number holds")
			require.Empty(t, strings.Trim(strings.TrimSpace(value), "0123456789"))
		}
	})
}

func TestADateIsMeantByTheClockOfWhoSendsIt(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				theirs := time.Now().Add(ahead).UTC()
				w.Header().Set("Date", theirs.Format(http.TimeFormat))
				w.Header().Set("Retry-After", theirs.Add(20*time.Second).Format(http.TimeFormat))
				w.WriteHeader(http.StatusTooManyRequests)
			})
			failed := failure(t, client(t, optionsFor(server.URL)), get())
			require.Equal(t, 20*time.Second, failed.RetryAfter)
		})
	}
}
