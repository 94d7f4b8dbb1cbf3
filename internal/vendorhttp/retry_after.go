package vendorhttp

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter bounds what a Retry-After can say.
const longestRetryAfter = 365 * 24 * time.Hour

// sentAt is when a reply was sent, by the clock of whoever sent it: a time that it tells is
// meant by the same clock, which may differ from ours. Without a Date it is now.
func sentAt(reply *http.Response) time.Time {
	if sent, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		return sent
	}
	return time.Now()
}

// RetryAfter reads a Retry-After header in both forms of RFC 9110: seconds, or
// an HTTP date, by the clock of now. It returns zero for a missing, malformed or past value, and at
// most a year.
func RetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(longestRetryAfter/time.Second) {
			return longestRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestRetryAfter)
}
