package reportpage

import (
	"time"

	"audiencesync/internal/audience"
)

// courseView is how the sending went.
type courseView struct {
	Step, Contacts, Requests, Repeated, Waited value
	// AnyRepeated and AnyWaited say that it was not all smooth.
	AnyRepeated, AnyWaited bool
	Charts                 []chart
	Rows                   []courseRow
}

type courseRow struct {
	At                                            *value
	Contacts, PerSecond, Requests, Repeated, Wait value
}

func courseOf(c *audience.Course, zone *time.Location) *courseView {
	if c == nil || len(c.Steps) == 0 {
		return nil
	}
	v := &courseView{
		Step:     seconds(float64(c.StepSeconds), "course", "step_seconds"),
		Contacts: whole(c.Contacts, "course", "contacts"), Requests: whole(c.Requests, "course", "requests"),
		Repeated: whole(c.Repeated, "course", "repeated"), Waited: seconds(c.WaitedSeconds, "course", "waited_seconds"),
		AnyRepeated: c.Repeated > 0, AnyWaited: c.WaitedSeconds > 0,
	}
	for i, step := range c.Steps {
		v.Rows = append(v.Rows, courseRow{
			At:       moment(step.At.In(zone), layoutClock, "course", "steps", i, "at"),
			Contacts: whole(step.Contacts, "course", "steps", i, "contacts"), PerSecond: decimal(step.ContactsPerSecond, "course", "steps", i, "contacts_per_second"),
			Requests: whole(step.Requests, "course", "steps", i, "requests"), Repeated: whole(step.Repeated, "course", "steps", i, "repeated"),
			Wait: seconds(step.WaitedSeconds, "course", "steps", i, "waited_seconds"),
		})
	}
	v.Charts = append(v.Charts, v.contacts(c), v.requests(c))
	if v.AnyWaited {
		v.Charts = append(v.Charts, v.waits(c))
	}
	return v
}

func (v *courseView) newChart(id, title, about string) chart {
	return chart{ID: id, Title: title, About: about, First: v.Rows[0].At, Last: v.Rows[len(v.Rows)-1].At}
}

// most is the step at which a number is the greatest.
func most(steps []audience.CourseStep, of func(audience.CourseStep) float64) int {
	at := 0
	for i, step := range steps {
		if of(step) > of(steps[at]) {
			at = i
		}
	}
	return at
}

func (v *courseView) contacts(c *audience.Course) chart {
	rate := func(s audience.CourseStep) float64 { return s.ContactsPerSecond }
	ch := v.newChart("course-contacts", "Contacts answered for, per second",
		"Columns over time: how many contacts a second Hello Charles answered for, taken or refused.")
	peak, n := most(c.Steps, rate), len(c.Steps)
	ch.Size, ch.Top, ch.Unit = "tall", &v.Rows[peak].PerSecond, "contacts/s"
	for i, step := range c.Steps {
		row := v.Rows[i]
		if rate(step) > 0 {
			ch.Bars = append(ch.Bars, column(i, n, 0, rate(step)/rate(c.Steps[peak]), "fill-main"))
		}
		ch.Tips = append(ch.Tips, tip(i, n, row.At.Text+": "+row.PerSecond.Text+" contacts/s", *row.At, row.PerSecond))
	}
	return ch
}

func (v *courseView) requests(c *audience.Course) chart {
	ch := v.newChart("course-requests", "Requests",
		"Columns over time: requests that were sent; the upper part of a column are repeated ones, which carried contacts that an earlier request had carried.")
	peak, n := most(c.Steps, func(s audience.CourseStep) float64 { return float64(s.Requests) }), len(c.Steps)
	top := float64(max(1, c.Steps[peak].Requests))
	ch.Size, ch.Top, ch.Unit = "low", &v.Rows[peak].Requests, "requests"
	ch.Legend = []legend{{"fill-main", "first request"}, {"fill-again", "repeated"}}
	for i, step := range c.Steps {
		row := v.Rows[i]
		first := float64(step.Requests-step.Repeated) / top
		if first > 0 {
			ch.Bars = append(ch.Bars, column(i, n, 0, first, "fill-main"))
		}
		if step.Repeated > 0 {
			ch.Bars = append(ch.Bars, column(i, n, first, float64(step.Repeated)/top, "fill-again"))
		}
		ch.Tips = append(ch.Tips, tip(i, n, row.At.Text+": "+row.Requests.Text+" requests, "+row.Repeated.Text+" of them repeated", *row.At, row.Requests, row.Repeated))
	}
	return ch
}

func (v *courseView) waits(c *audience.Course) chart {
	wait := func(s audience.CourseStep) float64 { return s.WaitedSeconds }
	ch := v.newChart("course-waits", "Time waited, because Hello Charles asked for it",
		"Columns over time: for how long of each step Hello Charles had asked for no requests.")
	peak, n := most(c.Steps, wait), len(c.Steps)
	ch.Size, ch.Top = "flat", &v.Rows[peak].Wait
	for i, step := range c.Steps {
		row := v.Rows[i]
		if wait(step) > 0 {
			ch.Bars = append(ch.Bars, column(i, n, 0, wait(step)/wait(c.Steps[peak]), "fill-wait"))
		}
		ch.Tips = append(ch.Tips, tip(i, n, row.At.Text+": "+row.Wait.Text, *row.At, row.Wait))
	}
	return ch
}
