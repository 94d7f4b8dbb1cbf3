package reportpage

import (
	"slices"
	"time"

	"audiencesync/internal/runreport"
)

// historyView is how the last runs went.
type historyView struct {
	Rows   []historyRow
	Charts []chart
}

type historyRow struct {
	Run        value
	Started    *value
	Took       *value
	End        string
	Account    bool
	Reported   *value
	Read, Sent value
	New, Known value
	Removed    value
	Expected   value
	Counted    *value
	Drift      *value
	This       bool
}

func historyOf(history []runreport.Past, zone *time.Location) historyView {
	var v historyView
	var compared []int
	for i, past := range history {
		at := func(name string) []any { return []any{"history", i, name} }
		row := historyRow{
			Run: whole(past.Run, at("run")...), Started: moment(past.StartedAt.In(zone), layoutMoment, at("started_at")...),
			End: string(past.State), This: i == 0,
		}
		if a := past.Account; a != nil {
			took := seconds(a.Seconds, at("seconds")...)
			row.Account, row.Took, row.End = true, &took, a.End()
			row.Reported, row.Read, row.Sent = some(a.Reported, at("reported")...), whole(a.Read, at("read")...), whole(a.Sent, at("sent")...)
			row.New, row.Known = whole(a.NewFailures, at("new_failures")...), whole(a.KnownFailures, at("known_failures")...)
			row.Removed, row.Expected = whole(a.Removed, at("removed")...), whole(a.Expected, at("expected")...)
			row.Counted, row.Drift = some(a.Counted, at("counted")...), some(a.Drift, at("drift")...)
			if past.Compared() {
				compared = append(compared, i)
			}
		}
		v.Rows = append(v.Rows, row)
	}
	slices.Reverse(compared) // Time goes from left to right.
	if len(compared) > 1 {
		v.Charts = []chart{v.sizes(history, compared), v.drift(history, compared)}
	}
	return v
}

// series are the numbers of one line of a chart, each with its place on it.
type series struct {
	class, name string
	xs          []float64
	ns          []int64
	values      []*value
}

func (s *series) add(x float64, n int64, v *value) {
	s.xs, s.ns, s.values = append(s.xs, x), append(s.ns, n), append(s.values, v)
}

// sizes draws the size of the audience, as reported or else as read, and the count of
// the segment.
func (v *historyView) sizes(history []runreport.Past, compared []int) chart {
	ch := v.newChart("history-sizes", "Audience and segment, by run", compared,
		"Two lines over the runs: the size of the audience, solid with round points, and the count of the segment, dashed with square points. The scale does not begin at zero.")
	ch.Size, ch.Unit = "tall", "contacts"
	size, count := series{class: "line-main", name: "audience size"}, series{class: "line-other", name: "counted in the segment"}
	for i, at := range compared {
		x, a, row := middle(i, len(compared)), history[at].Account, v.Rows[at]
		text, values := "run "+row.Run.Text+": ", []value{row.Run}
		n, shown := a.Read, &row.Read
		if a.Reported != nil {
			n, shown = *a.Reported, row.Reported
		}
		size.add(x, n, shown)
		text, values = text+shown.Text+" in the audience", append(values, *shown)
		if a.Counted != nil {
			count.add(x, *a.Counted, row.Counted)
			text, values = text+", "+row.Counted.Text+" in the segment", append(values, *row.Counted)
		}
		ch.Tips = append(ch.Tips, tip(i, len(compared), text, values...))
	}
	ch.draw(size, count)
	return ch
}

// drift draws how many more contacts were counted than expected.
func (v *historyView) drift(history []runreport.Past, compared []int) chart {
	ch := v.newChart("history-drift", "Drift: counted minus expected, by run", compared,
		"Columns over the runs: upwards where more contacts were counted than expected, downwards where fewer were. No column means no difference, or no count.")
	ch.Size, ch.Unit = "flat", "contacts"
	var low, high int64
	for _, at := range compared {
		drift := history[at].Drift
		if drift == nil {
			continue
		}
		if *drift > high {
			high, ch.Top = *drift, v.Rows[at].Drift
		}
		if *drift < low {
			low, ch.Bottom = *drift, v.Rows[at].Drift
		}
	}
	span := float64(max(1, high-low))
	if low == high {
		ch.Note = "No drift in any of these runs that has a count."
	}
	zero := float64(-low) / span
	if low == high {
		zero = 0.5 // In the middle.
	}
	ch.Zero = new(float64)
	*ch.Zero = hundredths(100 - zero*100)
	for i, at := range compared {
		row, drift := v.Rows[at], history[at].Drift
		if drift == nil {
			ch.Tips = append(ch.Tips, tip(i, len(compared), "run "+row.Run.Text+": no count", row.Run))
			continue
		}
		height := float64(*drift) / span
		if height != 0 {
			ch.Bars = append(ch.Bars, column(i, len(compared), zero+min(height, 0), max(height, -height), "fill-drift"))
		}
		ch.Tips = append(ch.Tips, tip(i, len(compared), "run "+row.Run.Text+": "+row.Drift.Text, row.Run, *row.Drift))
	}
	return ch
}

func (v *historyView) newChart(id, title string, compared []int, about string) chart {
	return chart{
		ID: id, Title: title, About: about, Before: "run",
		First: &v.Rows[compared[0]].Run, Last: &v.Rows[compared[len(compared)-1]].Run,
	}
}

// draw draws lines on one scale, which goes from the least number to the greatest.
func (ch *chart) draw(all ...series) {
	var low, high int64
	for _, s := range all {
		for i, n := range s.ns {
			if ch.Top == nil || n > high {
				high, ch.Top = n, s.values[i]
			}
			if ch.Bottom == nil || n < low {
				low, ch.Bottom = n, s.values[i]
			}
		}
	}
	for _, s := range all {
		if len(s.ns) == 0 {
			continue
		}
		ys := make([]float64, len(s.ns))
		for i, n := range s.ns {
			// Points keep clear of the edges.
			if ys[i] = 0.5; high > low {
				ys[i] = 0.06 + 0.88*float64(n-low)/float64(high-low)
			}
		}
		ch.Lines = append(ch.Lines, points(s.class, s.xs, ys))
		ch.Legend = append(ch.Legend, legend{s.class, s.name})
	}
	if low == high {
		ch.Bottom = nil
	}
}

// middle is that of the i-th of n steps, from 0 to 1.
func middle(i, n int) float64 { return (float64(i) + 0.5) / float64(n) }
