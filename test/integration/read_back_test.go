package integration

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// hasty is a mirror that waits for what it reads no longer than it must.
func hasty(t *testing.T) config.Sync {
	t.Helper()
	spec := mirror(t)
	spec.Verification.MaxLag = config.Duration(500 * time.Millisecond)
	return spec
}

func TestARunReadsASampleBackAndFindsWhatItSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	report := w.run(t, demo(t))
	require.Equal(t, &audience.ReadBack{Sampled: 20, Same: 20}, report.ReadBack)
	require.Equal(t, int64(20), w.Stats().Requests["contact_read"]["200"])

	again := w.run(t, demo(t))
	require.Equal(t, &audience.ReadBack{Sampled: 20, Same: 20}, again.ReadBack, "who is unchanged is drawn as well")
	none := demo(t)
	none.Verification.Sample = 0
	require.Nil(t, w.run(t, none).ReadBack)
	require.Equal(t, int64(40), w.Stats().Requests["contact_read"]["200"])
}

func TestAValueThatHelloCharlesDropsSilentlyIsFoundInTheFirstRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, withFaults(simulator.Faults{Forget: []faults.Forgetting{
		{References: []string{someone(3), someone(11)}, Fields: []string{"first_name"}},
	}}))
	setAudience(t, w.Simulator, everyone(0, 15))
	run := w.started(t, hasty(t))
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeVerdictOutside)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, &audience.Comparison{Listed: 15, Found: 15}, report.Segment.Comparison, "the segment holds them")
	require.Equal(t, &audience.ReadBack{Sampled: 15, Same: 13, Differ: 2, Fields: map[string]int64{"first_name": 2}}, report.ReadBack)
	require.Equal(t, differing(ledger.DifferenceDiffers, 3, 11), w.differences(t, report))
	require.Equal(t, "All 15 members are in the segment. Of 15 contacts read back 2 do not hold what this run sent.", report.Summary)
	text := w.histories(t, run.GetID(), run.GetRunID())[0].String()
	for _, value := range []string{someone(3), "person3@", "Zoë"} {
		require.NotContains(t, text, value)
	}

	spec := hasty(t)
	spec.Accept.Differing = 0.2
	next := w.run(t, spec)
	require.Equal(t, int64(2), next.ReadBack.ChangedSince, "an earlier run has sent it")
	require.Equal(t, differing(ledger.DifferenceChangedSince, 3, 11), w.differences(t, next))
}

func TestAContactThatSomebodyEditedWasChangedSince(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 15))
	w.AddContacts(contacts.Contact{SourceType: "zeotap", Reference: someone(4), FirstName: "Somebody"})
	report := w.run(t, hasty(t))
	require.Equal(t, audience.Explained, report.Verdict)
	require.True(t, report.Acceptable, "people may edit contacts")
	require.Equal(t, audience.Outcomes{Unchanged: 15}, report.Outcomes)
	require.Equal(t, &audience.ReadBack{Sampled: 15, Same: 14, ChangedSince: 1, Fields: map[string]int64{"first_name": 1}}, report.ReadBack)
	require.Equal(t, differing(ledger.DifferenceChangedSince, 4), w.differences(t, report))

	setAudience(t, w.Simulator, everyone(0, 15), 4)
	require.Equal(t, audience.Equal, w.run(t, hasty(t)).Verdict, "this run has sent it")
}

func TestWhomTheComparisonMissesIsNotHeldAgainstTheSample(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 15), erasing)
	spec := hasty(t)
	spec.Accept.Gone = 1
	require.Equal(t, 2, w.Erase(someone(2), someone(3)))
	report := w.run(t, spec)
	require.Equal(t, &audience.ReadBack{Sampled: 13, Same: 13}, report.ReadBack)
	require.Equal(t, differing(ledger.DifferenceGone, 2, 3), w.differences(t, report))
}

func TestAMarkTakenByHandIsNamedWhereNobodyMayList(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 15))
	w.AddContacts(contacts.Contact{SourceType: "zeotap", Reference: someone(5), Properties: map[string]json.RawMessage{markedProperty: json.RawMessage(`"left"`)}})
	w.addMarked("zeotap", someone(999))
	spec := hasty(t)
	spec.Verification.Compare = config.CompareNever
	report := w.run(t, spec)
	require.Equal(t, report.Segment.Expected, *report.Segment.Counted, "the numbers are equal")
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, differing(ledger.DifferenceChangedSince, 5), w.differences(t, report))
}

func TestContactsThatCannotBeReadBackAreNoFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		with func(*settings)
		says string
	}{
		"a wrong path": {
			func(s *settings) {
				s.connections = append(s.connections, "contact_path: /api/v1beta/contacts/{reference}", "contact_path: /api/v1beta/contacts/{source_type}/{reference}")
			}, "read.contact_path of the connection is probably wrong",
		},
		"a key that may not read contacts": {
			withFaults(simulator.Faults{Rules: []faults.Rule{{
				Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: contactsPath}, Do: faults.Status, Status: http.StatusForbidden,
			}}}), "lacks the permission",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1, test.with)
			setAudience(t, w.Simulator, everyone(0, 15))
			report := w.run(t, hasty(t))
			require.Equal(t, audience.Equal, report.Verdict)
			require.Equal(t, int64(15), report.ReadBack.Unread)
			require.Contains(t, report.ReadBack.Why, test.says)
			require.Len(t, report.Explanation, 1)
			require.Contains(t, report.Explanation[0], "15 of 15 contacts could not be read back: ")
			require.Empty(t, w.differences(t, report))
		})
	}
}
