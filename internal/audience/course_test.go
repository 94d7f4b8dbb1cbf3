package audience_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

var began = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return began.Add(time.Duration(seconds * float64(time.Second)))
}

// batchSent is one request with 1,000 contacts that was answered at once.
func batchSent(at float64) audience.Sending {
	return audience.Sending{FirstSent: after(at), LastSent: after(at), Settled: after(at), Requests: 1, Contacts: 1000}
}

func TestACourseCountsWhatWasAnsweredWhenItWas(t *testing.T) {
	t.Parallel()
	course := audience.NewCourse([]audience.Sending{
		batchSent(0.2), batchSent(0.9), batchSent(2.5),
		// Three requests, the last of which was answered.
		{FirstSent: after(1), LastSent: after(3), Settled: after(3.5), Requests: 3, Repeated: 2, Contacts: 998},
		{Requests: 0, Settled: after(100), Contacts: 5}, // It was never sent.
	}, nil)
	require.Equal(t, &audience.Course{
		From: began, StepSeconds: 1, Contacts: 3998, Requests: 6, Repeated: 2,
		Steps: []audience.CourseStep{
			{At: after(0), Contacts: 2000, ContactsPerSecond: 2000, Requests: 2},
			{At: after(1), Requests: 1},
			{At: after(2), Contacts: 1000, ContactsPerSecond: 1000, Requests: 2, Repeated: 1},
			{At: after(3), Contacts: 998, ContactsPerSecond: 998, Requests: 1, Repeated: 1},
		},
	}, course)
}

func TestContactsThatWereSentOneByOneAreSpread(t *testing.T) {
	t.Parallel()
	course := audience.NewCourse([]audience.Sending{{
		FirstSent: after(0), LastSent: after(4.9), Settled: after(5), Requests: 50, Contacts: 50, OneByOne: true,
	}}, nil)
	for _, step := range course.Steps[:5] {
		require.InDelta(t, 10, step.Contacts, 1)
		require.InDelta(t, 10, step.Requests, 1)
	}
	require.EqualValues(t, 50, course.Contacts)
	require.EqualValues(t, 50, course.Requests)
}

func TestDelaysThatOverlapAreWaitedForOnce(t *testing.T) {
	t.Parallel()
	course := audience.NewCourse([]audience.Sending{batchSent(0), batchSent(7.5)}, []audience.Delay{
		{From: after(2.5), Until: after(4)},
		{From: after(1), Until: after(3)},
		{From: after(7), Until: after(60)},    // Cut at the end of the course.
		{From: after(-60), Until: after(0.5)}, // It began before.
		{From: after(90), Until: after(99)},
	})
	waited := make([]float64, len(course.Steps))
	for i, step := range course.Steps {
		waited[i] = step.WaitedSeconds
	}
	require.Equal(t, []float64{0.5, 1, 1, 1, 0, 0, 0, 0.5}, waited)
	require.InDelta(t, 4, course.WaitedSeconds, 0.001)
}

func TestACourseIsBoundedHoweverLongTheRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lasts time.Duration
		step  time.Duration
	}{
		{0, time.Second},
		{119 * time.Second, time.Second},
		{2 * time.Minute, 2 * time.Second},
		{90 * time.Minute, time.Minute},
		{24 * time.Hour, 15 * time.Minute},
		{100 * 24 * time.Hour, 24 * time.Hour},
	} {
		last := batchSent(test.lasts.Seconds())
		course := audience.NewCourse([]audience.Sending{batchSent(0), last}, nil)
		require.Equal(t, int64(test.step/time.Second), course.StepSeconds, test.lasts)
		require.LessOrEqual(t, len(course.Steps), 120)
		require.EqualValues(t, 2000, course.Contacts)
	}
}

func TestARunThatSentNothingHasNoCourse(t *testing.T) {
	t.Parallel()
	require.Nil(t, audience.NewCourse([]audience.Sending{{Settled: began, Contacts: 3}}, nil))
}
