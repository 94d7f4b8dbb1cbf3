package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// A typing error in verification.segment, as a mirror is refreshed.
func TestAWrongSegmentEndsNoMembershipAndSendsNobodyAgain(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20))
	spec := mirror(t)
	wrong := spec
	wrong.Verification.Segment, wrong.Verification.MaxLag = "seg-984-shared", config.Duration(time.Second)

	setAudience(t, w.Simulator, everyone(1, 20))
	for run, removed := range []int64{1, 0} {
		_, err := w.end(t, w.started(t, wrong))
		report := failed(t, err, activities.TypeVerdictUnexplained)
		require.Equal(t, int64(2+run), report.Run, "no run follows: it would send everybody, and show nothing")
		require.Equal(t, audience.Outcomes{Unchanged: 19}, report.Outcomes)
		require.Equal(t, removed, report.Requests)
		require.Equal(t, &audience.Comparison{NotVisible: 19, LastSeenIn: "seg-984"}, report.Segment.Comparison)
		require.Contains(t, report.Explanation, "Hello Charles: this segment is another one than seg-984, in which the contacts of this sync were seen before: "+
			"if that is not meant, correct verification.segment; nobody is taken for gone, and nobody is sent again for it")
	}

	setAudience(t, w.Simulator, everyone(2, 20))
	report := w.run(t, spec)
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	require.Equal(t, audience.Leavers{Removed: 1}, report.Leavers)
	require.Equal(t, int64(1), report.Requests)
	w.requireMarked(t, everyone(2, 20))
}

// A segment that shows nobody for a while, and all of them again.
func TestWhoLeavesWhileTheSegmentShowsNobodyIsUnmarkedOnceItIsRight(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20), erasing)
	spec := mirror(t)
	spec.Verification.MaxLag = config.Duration(time.Second)
	for _, person := range everyone(0, 20) {
		w.Erase(someone(person))
	}
	_, err := w.end(t, w.started(t, spec))
	report := failed(t, err, activities.TypeVerdictOutside)
	require.Equal(t, &audience.Comparison{Gone: 20}, report.Segment.Comparison)
	require.Contains(t, report.Explanation, "Hello Charles: 20 references were in the segment and are not any more (gone); they are left alone: "+
		"none of ours is there, so check first that the segment still asks for the marker; those that it shows again are ours again")

	for _, person := range everyone(0, 20) {
		w.addMarked("zeotap", someone(person))
	}
	setAudience(t, w.Simulator, everyone(1, 20))
	report = w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
	require.Equal(t, int64(1), report.Segment.Comparison.Unsure)
	report = w.run(t, spec)
	require.Equal(t, &audience.Comparison{Listed: 19, Found: 19}, report.Segment.Comparison)
	require.Equal(t, audience.Leavers{Removed: 1}, report.Leavers)
	w.requireMarked(t, everyone(1, 20))
}
