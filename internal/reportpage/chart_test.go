package reportpage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
)

func TestColumnsAreAsHighAsTheirNumbers(t *testing.T) {
	t.Parallel()
	doc := sample()
	v := courseOf(doc.Course, time.UTC)
	require.Len(t, v.Charts, 3)
	contacts, requests := v.Charts[0], v.Charts[1]
	require.Len(t, contacts.Tips, len(doc.Course.Steps), "every step has its numbers for a pointer")
	height, width := 0.0, 1000/float64(len(doc.Course.Steps))
	for _, bar := range contacts.Bars {
		step := doc.Course.Steps[int((bar.X+bar.W/2)/width)]
		peak := doc.Course.Steps[most(doc.Course.Steps, func(s audience.CourseStep) float64 { return s.ContactsPerSecond })]
		require.InDelta(t, step.ContactsPerSecond/peak.ContactsPerSecond*100, bar.H, 0.01)
		require.InDelta(t, 100, bar.Y+bar.H, 0.01, "columns stand on the axis")
		height = max(height, bar.H)
	}
	require.InDelta(t, 100, height, 0.01)
	again := 0
	for _, bar := range requests.Bars {
		require.GreaterOrEqual(t, bar.Y, -0.01, "repeated requests are a part of all")
		if bar.Class == "fill-again" {
			again++
		}
	}
	require.Positive(t, again)
}

func TestWaitsAreDrawnWhereThereAreAny(t *testing.T) {
	t.Parallel()
	course := sampleCourse()
	for i := range course.Steps {
		course.Steps[i].WaitedSeconds = 0
	}
	course.WaitedSeconds = 0
	require.Len(t, courseOf(course, time.UTC).Charts, 2)
	require.Nil(t, courseOf(nil, time.UTC))
}

func TestTheHistoryComparesRunsThatCameToTheirEnd(t *testing.T) {
	t.Parallel()
	v := historyOf(sample().History, time.UTC)
	require.Len(t, v.Rows, 14)
	require.Len(t, v.Charts, 2)
	sizes, drift := v.Charts[0], v.Charts[1]
	require.Len(t, sizes.Lines, 2)
	require.Len(t, sizes.Tips, 12, "not the one that was cancelled, nor the dead one")
	require.Equal(t, []string{"1", "14"}, []string{sizes.First.Text, sizes.Last.Text}, "time goes from left to right")
	require.Equal(t, []string{"248,310", "179,410"}, []string{sizes.Top.Text, sizes.Bottom.Text})
	require.Equal(t, []string{"5", "-131"}, []string{drift.Top.Text, drift.Bottom.Text})
	require.Len(t, drift.Bars, 3)
	for _, bar := range drift.Bars {
		above := bar.Y+bar.H <= *drift.Zero+0.01
		below := bar.Y >= *drift.Zero-0.01
		require.True(t, above || below, "a column begins at zero")
	}
}

func TestAHistoryWithoutDriftSaysSo(t *testing.T) {
	t.Parallel()
	history := sample().History
	for i := range history {
		if history[i].Account != nil {
			history[i].Drift = new(int64(0))
		}
	}
	drift := historyOf(history, time.UTC).Charts[1]
	require.Empty(t, drift.Bars)
	require.NotEmpty(t, drift.Note)
	require.Empty(t, historyOf(history[:1], time.UTC).Charts, "one run is no history")
	require.Empty(t, historyOf([]runreport.Past{}, time.UTC).Rows)
}
