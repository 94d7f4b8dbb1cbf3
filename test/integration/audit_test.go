package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// audit compares the audience with the segment.
func (w *world) audit(t *testing.T, spec config.Sync) (*audience.Report, error) {
	t.Helper()
	run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, Audit: true})
	require.NoError(t, err)
	return w.end(t, run)
}

// broughtByOthers is a world whose segment another connector has filled with these
// people, and whose ledger knows of nothing.
func broughtByOthers(t *testing.T, people []int, with ...func(*settings)) *world {
	t.Helper()
	w := newWorld(t, 1, with...)
	for _, person := range people {
		w.addMarked("zeotap", someone(person))
	}
	return w
}

func TestAnAuditNamesWhoIsMissingAndWhoShouldNotBeThereWithAnEmptyLedger(t *testing.T) {
	t.Parallel()
	w := broughtByOthers(t, append(everyone(0, 17), 99))
	members := make([]map[string]any, 0, 22)
	for _, person := range everyone(0, 20) {
		consent := "yes"
		if person == 5 || person == 19 {
			consent = "no"
		}
		members = append(members, map[string]any{"phone": someone(person), "consent": consent, "first_name": "Zoë"})
	}
	members = append(members, members[0], map[string]any{"first_name": "Nobody", "consent": "yes"})
	require.NoError(t, w.SetMembers(members))
	spec := mirror(t)
	spec.Filter = &config.Condition{Field: "consent", Is: new(config.FilterValue("yes"))}

	_, err := w.audit(t, spec)
	report := failed(t, err, activities.TypeVerdictUnexplained)
	require.True(t, report.Audited)
	require.Equal(t, audience.EvidenceCompared, report.Segment.Evidence)
	require.Equal(t, int64(22), report.Source.Read)
	require.Equal(t, audience.Outcomes{Duplicate: 1, Suppressed: 2, Invalid: 1}, report.Outcomes)
	require.Equal(t, int64(18), report.Segment.Expected)
	require.Equal(t, &audience.Comparison{Listed: 18, Found: 16, Missing: 2, Excluded: 1, Foreign: 1}, report.Segment.Comparison)
	require.Equal(t, "The segment lists 18 contacts: of 18 members that should be in it 2 are not, and 2 of its contacts should not be in it. Nothing was sent. "+
		"No run of this sync has been made yet, so whoever only it would bring is missing.", report.Summary)
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceExcluded, Reference: someone(5)},
		{Kind: ledger.DifferenceForeign, Reference: someone(99)},
		{Kind: ledger.DifferenceMissing, Reference: someone(17)},
		{Kind: ledger.DifferenceMissing, Reference: someone(18)},
	}, w.differences(t, report))
	require.Zero(t, w.Stats().UpsertsReceived)
}

func TestAnAuditOfExactlyTheAudienceIsEqualAndPromisesNothing(t *testing.T) {
	t.Parallel()
	w := broughtByOthers(t, everyone(0, 20))
	setAudience(t, w.Simulator, everyone(0, 20))
	spec := demo(t)
	spec.Mapping.Tags = append(spec.Mapping.Tags, config.TagSource{Origin: config.Origin{Value: new("does-not-exist")}})
	spec.Marker = config.Marker{Property: "does_not_exist", Member: "member"}
	spec.Reference.Normalise = config.NormaliseDigits
	_, err := w.audit(t, spec)
	report := failed(t, err, activities.TypeVerdictUnexplained)
	require.Equal(t, &audience.Comparison{Listed: 20, Missing: 20, Foreign: 20}, report.Segment.Comparison)
	require.Contains(t, report.Explanation,
		"Hello Charles: 20 members of the audience are not in the segment (missing); no reference at all was found: is it what Hello Charles holds (reference, and its normalise)?")

	spec.Reference.Normalise = config.NormaliseE164
	report, err = w.audit(t, spec)
	require.NoError(t, err, "nothing was sent by the sync, so its reference could change")
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	require.Equal(t, "The segment holds exactly the 20 members that should be in it. Nothing was sent.", report.Summary)
	require.Empty(t, w.differences(t, report))
}

func TestAnAuditAfterRunsKnowsWhoLeftAndWhoIsGoneAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20), erasing)
	spec := onceMore(t, w, 0)
	spec.Mode, spec.Marker.Left, spec.Accept.Gone, spec.Accept.Refused = config.ModeAdd, "", 1, 1
	require.Equal(t, 1, w.Erase(someone(2)))
	require.Equal(t, int64(1), w.run(t, spec).Segment.Comparison.Gone)
	setAudience(t, w.Simulator, append(everyone(0, 19), 33))
	before := w.Stats().UpsertsReceived
	_, err := w.audit(t, spec)
	report := failed(t, err, activities.TypeVerdictUnexplained)
	require.Equal(t, &audience.Comparison{Listed: 19, Found: 18, Missing: 1, Gone: 1, Left: 1}, report.Segment.Comparison)
	require.NotContains(t, report.Summary, "No run of this sync")
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceGone, Reference: someone(2)}, {Kind: ledger.DifferenceLeft, Reference: someone(19)}, {Kind: ledger.DifferenceMissing, Reference: someone(33)},
	}, w.differences(t, report))
	require.Equal(t, before, w.Stats().UpsertsReceived)
	require.Equal(t, audience.Outcomes{Unchanged: 18, Created: 1, Refused: 1}, w.run(t, spec).Outcomes, "an audit teaches the ledger nothing")
}

func TestAnAuditComparesNumbersWhereTheKeyMayNotList(t *testing.T) {
	t.Parallel()
	w := broughtByOthers(t, everyone(0, 20), withFaults(simulator.Faults{Preview: faults.Preview{Forbidden: true}}))
	setAudience(t, w.Simulator, everyone(0, 20))
	report, err := w.audit(t, demo(t))
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict)
	require.Equal(t, audience.EvidenceCounted, report.Segment.Evidence)
	require.Contains(t, report.Segment.NotCompared, "403")

	setAudience(t, w.Simulator, everyone(0, 21))
	spec := demo(t)
	spec.Verification.Poll, spec.Verification.MaxLag = config.Duration(1), config.Duration(1)
	_, err = w.audit(t, spec)
	report = failed(t, err, activities.TypeVerdictUnexplained)
	require.Contains(t, report.Explanation, "Hello Charles: the segment counts 20 contacts, 21 members should be in it")
}

func TestAPersonsCountIsEvidenceWhereTheKeyMayNotCount(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20))
	spec := mirror(t)
	spec.Verification.Segment = ""
	enter := func(n int64) (*audience.Report, error) {
		run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true, Entered: &n})
		require.NoError(t, err)
		return w.end(t, run)
	}
	report, err := enter(20)
	require.NoError(t, err)
	require.Equal(t, audience.Equal, report.Verdict)
	require.Equal(t, audience.EvidenceEntered, report.Segment.Evidence)
	_, err = enter(19)
	report = failed(t, err, activities.TypeVerdictUnexplained)
	require.Equal(t, audience.EvidenceEntered, report.Segment.Evidence)
	require.Contains(t, report.Explanation, "Hello Charles: the segment counts 19 contacts, the ledger holds 20 as marked")
}
