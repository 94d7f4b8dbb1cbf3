package reportpage

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"audiencesync/internal/audience"
)

// value is a number or a time of the document as the page shows it, and where the
// document as JSON has it: a page can be checked against that, and read by programs.
type value struct {
	// Of is the place, its names joined by "/" and escaped as in a URL.
	Of string
	// Raw is the value as JSON has it, Text as people read it.
	Raw, Text string
}

// place joins names to a place in the document.
func place(names ...any) string {
	parts := make([]string, len(names))
	for i, name := range names {
		switch name := name.(type) {
		case int:
			parts[i] = strconv.Itoa(name)
		case string:
			parts[i] = url.PathEscape(name)
		}
	}
	return strings.Join(parts, "/")
}

func whole(n int64, names ...any) value {
	return value{Of: place(names...), Raw: strconv.FormatInt(n, 10), Text: audience.Thousands(n)}
}

// some is whole for a number that may not be there.
func some(n *int64, names ...any) *value {
	if n == nil {
		return nil
	}
	v := whole(*n, names...)
	return &v
}

func decimal(n float64, names ...any) value {
	return value{Of: place(names...), Raw: strconv.FormatFloat(n, 'f', -1, 64), Text: tenths(n)}
}

// tenths writes a number with one digit behind the point, or none where that is zero.
func tenths(n float64) string {
	written := strconv.FormatFloat(n, 'f', 1, 64)
	before, behind, _ := strings.Cut(written, ".")
	digits, err := strconv.ParseInt(before, 10, 64)
	if err != nil {
		return written
	}
	sign := ""
	if n < 0 && digits == 0 && behind != "0" {
		sign = "-"
	}
	if behind == "0" {
		return audience.Thousands(digits)
	}
	return sign + audience.Thousands(digits) + "." + behind
}

func seconds(n float64, names ...any) value {
	v := decimal(n, names...)
	v.Text = spell(n)
	return v
}

// spell says how long so many seconds are.
func spell(n float64) string {
	d := time.Duration(n * float64(time.Second))
	switch {
	case d < time.Minute:
		return tenths(n) + " s"
	case d < time.Hour:
		return parts(d.Round(time.Second), time.Minute, "min", time.Second, "s")
	case d < 48*time.Hour:
		return parts(d.Round(time.Minute), time.Hour, "h", time.Minute, "min")
	default:
		return parts(d.Round(time.Hour), 24*time.Hour, "d", time.Hour, "h")
	}
}

func parts(d, large time.Duration, largeUnit string, small time.Duration, smallUnit string) string {
	said := audience.Thousands(int64(d/large)) + " " + largeUnit
	if rest := d % large / small; rest > 0 {
		said += " " + strconv.Itoa(int(rest)) + " " + smallUnit
	}
	return said
}

// Layouts of times: a moment, a moment with its zone, and one within a day.
const (
	layoutMoment = "2 Jan 2006, 15:04"
	layoutZone   = "2 Jan 2006, 15:04 MST"
	layoutClock  = "15:04:05"
)

func moment(t time.Time, layout string, names ...any) *value {
	if t.IsZero() {
		return nil
	}
	return &value{Of: place(names...), Raw: t.Format(time.RFC3339Nano), Text: t.Format(layout)}
}
