package integration

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/workflows"
)

// differences are those that the proof of a run has named.
func (w *world) differences(t *testing.T, report *audience.Report) []ledger.Difference {
	t.Helper()
	book, err := ledger.Open(t.Context(), w.address)
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	found, err := book.Differences(t.Context(), report.Sync, report.Run)
	require.NoError(t, err)
	return found
}

func differing(kind ledger.DifferenceKind, people ...int) []ledger.Difference {
	list := make([]ledger.Difference, 0, len(people))
	for _, person := range people {
		list = append(list, ledger.Difference{Kind: kind, Reference: someone(person)})
	}
	return list
}

// addMarked puts a contact into the segment that no run brought.
func (w *world) addMarked(source, reference string) {
	w.AddContacts(contacts.Contact{
		SourceType: source, Reference: reference, Properties: map[string]json.RawMessage{markedProperty: json.RawMessage(`"member"`)},
	})
}

// onceMore is a mirror that waits for a count no longer than it must, after runs
// that went well.
func onceMore(t *testing.T, w *world, runs int) config.Sync {
	t.Helper()
	spec := mirror(t)
	spec.Verification.MaxLag = config.Duration(1_000_000_000)
	for range runs {
		require.Equal(t, audience.Equal, w.run(t, spec).Verdict)
	}
	return spec
}

func TestOneMissingAndOneForeignContactAreNeverEqual(t *testing.T) {
	t.Parallel()
	for name, runs := range map[string]int{"second": 0, "fifth": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newMirror(t, everyone(0, 20), erasing)
			spec := onceMore(t, w, runs)
			require.Equal(t, 1, w.Erase(someone(7)))
			w.addMarked("zeotap", someone(999))
			_, err := w.end(t, w.started(t, spec))
			report := failed(t, err, activities.TypeVerdictUnexplained)
			require.Equal(t, report.Segment.Expected, *report.Segment.Counted, "the numbers are equal")
			require.Equal(t, audience.EvidenceCompared, report.Segment.Evidence)
			require.Equal(t, &audience.Comparison{Listed: 20, Found: 19, Gone: 1, Foreign: 1}, report.Segment.Comparison)
			require.Equal(t, append(differing(ledger.DifferenceForeign, 999), differing(ledger.DifferenceGone, 7)...), w.differences(t, report))
		})
	}
}

func TestContactsThatWereErasedAreNamedLeftAloneAndCreatedAgainIfAskedFor(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20), erasing)
	spec := mirror(t)
	spec.Accept.Gone, spec.Accept.Refused, spec.Limits.Refused = 1, 1, 1
	require.Equal(t, 3, w.Erase(someone(2), someone(3), someone(4)))
	report := w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, &audience.Comparison{Listed: 17, Found: 17, Gone: 3}, report.Segment.Comparison)
	require.Equal(t, "17 of 20 are in the segment; 3 are not, for 1 reason.", report.Summary)
	require.Equal(t, differing(ledger.DifferenceGone, 2, 3, 4), w.differences(t, report))

	next := w.run(t, spec)
	require.Equal(t, map[string]int64{string(audience.GoneFromHelloCharles): 3}, next.Reasons)
	require.Equal(t, audience.Explained, next.Verdict)
	require.Equal(t, int64(17), *next.Segment.Counted)
	for _, person := range []int{2, 3, 4} {
		require.Empty(t, w.Truth(someone(person))[0].Contacts, "an erased contact came back")
	}
	require.Zero(t, w.run(t, spec).Requests, "that they are gone is known")

	before := w.Stats().UpsertsReceived
	run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, Recreate: true})
	require.NoError(t, err)
	again, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Equal, again.Verdict)
	require.Equal(t, int64(3), w.Stats().UpsertsReceived-before, "exactly those")
}

func TestVerifyNamesWhoIsGoneSendsNothingAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20), erasing)
	spec := onceMore(t, w, 0)
	verify := func() (*audience.Report, error) {
		run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true})
		require.NoError(t, err)
		return w.end(t, run)
	}
	before := w.Stats()
	report, err := verify()
	require.NoError(t, err)
	require.True(t, report.Verified)
	require.Equal(t, audience.Equal, report.Verdict)
	require.Equal(t, audience.EvidenceCompared, report.Segment.Evidence)
	require.Equal(t, "The segment holds exactly the 20 contacts that the ledger holds as marked. Nothing was sent.", report.Summary)

	require.Equal(t, 3, w.Erase(someone(2), someone(3), someone(4)))
	_, err = verify()
	report = failed(t, err, activities.TypeVerdictOutside)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, &audience.Comparison{Listed: 17, Found: 17, Gone: 3}, report.Segment.Comparison)
	require.Equal(t, differing(ledger.DifferenceGone, 2, 3, 4), w.differences(t, report))
	w.addMarked("shop", "s1")
	_, err = verify()
	report = failed(t, err, activities.TypeVerdictUnexplained)
	require.Equal(t, int64(1), report.Segment.Comparison.OfOthers)
	after := w.Stats()
	require.Equal(t, before.UpsertsReceived, after.UpsertsReceived)
	require.Equal(t, before.Requests["members"], after.Requests["members"])

	_, err = w.end(t, w.started(t, spec))
	next := failed(t, err, activities.TypeVerdictUnexplained)
	require.Equal(t, int64(20), next.Outcomes.Unchanged, "a proof alone changes nothing")
	require.Equal(t, report.Segment.Comparison, next.Segment.Comparison)
}
