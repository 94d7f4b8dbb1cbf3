package integration

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator/conformance"
	"audiencesync/internal/simulator/people"
)

// TestConformance runs the same audience against every plausible Hello Charles,
// and compares what each report claims with what is really held there, contact
// by contact. Where contacts get lost in silence the verdict must say that it
// cannot be sure.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 300, in(c))
			report := w.conclude(t, patientSpec(t, c))
			odd := w.Stats().Audience
			require.Equal(t, odd.Members, report.Source.Read)
			require.Equal(t, odd.Members, report.Outcomes.Total(), "outcomes do not add up to members")

			claims := w.claims(t)
			if c.Charles.Households == 0 { // Those contacts were there before us.
				requireNobodyUnclaimed(t, w, claims)
			}
			if c.Silent {
				require.NotContains(t, []audience.Verdict{audience.Equal, audience.Explained}, report.Verdict, report.Summary)
			} else {
				require.Contains(t, []audience.Verdict{audience.Equal, audience.Explained}, report.Verdict, "%s %v", report.Summary, report.Explanation)
				requireTrueClaims(t, w, claims)
			}
			// A row of the table that "make conformance" prints.
			t.Logf("row: %-34s %-12s %6d %8d %8d %11d %9d", c.Name, report.Verdict, report.Outcomes.Taken(),
				report.Outcomes.Invalid, report.Outcomes.Refused, report.Outcomes.Unresolved, report.Requests)
		})
	}
}

// in sets the world up as a configuration says.
func in(c conformance.Configuration) func(*settings) {
	return func(s *settings) {
		s.simulator.Charles, s.simulator.Faults = c.Charles, c.Faults
		s.overCharles = c.Over
	}
}

// patientSpec is the demo's sync: it waits for no decision, and not long for
// counts that will not come.
func patientSpec(t *testing.T, c conformance.Configuration) config.Sync {
	t.Helper()
	spec := demo(t)
	spec.Accept.Invalid, spec.Accept.Refused = 1, 1
	spec.Limits.Refused = 1
	spec.Verification.MaxLag = config.Duration(5 * time.Second)
	if c.Silent {
		spec.Verification.MaxLag = config.Duration(time.Second)
	}
	return spec
}

// conclude runs a sync to its end, good or not, and returns its report.
func (w *world) conclude(t *testing.T, spec config.Sync) *audience.Report {
	t.Helper()
	report, err := w.end(t, w.started(t, spec))
	if err == nil {
		return report
	}
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.True(t, application.HasDetails(), "%v", err)
	require.NoError(t, application.Details(&report))
	return report
}

// claim is what the ledger says of one reference.
type claim struct {
	outcome audience.Outcome
	reason  string
}

// claims returns the failures of the newest run by reference.
func (w *world) claims(t *testing.T) map[string]claim {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(w.dir, "ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	failures := map[string]claim{}
	for f, err := range l.Failures(t.Context(), ledger.FailureQuery{Sync: demo(t).Sync}) {
		require.NoError(t, err)
		if f.Reference != "" {
			require.NotContains(t, failures, f.Reference, "a member with two outcomes")
			failures[f.Reference] = claim{f.Outcome, f.Reason}
		}
	}
	return failures
}

// requireNobodyUnclaimed finds for every contact that Hello Charles holds a
// member that the report does not call refused or invalid.
func requireNobodyUnclaimed(t *testing.T, w *world, failures map[string]claim) {
	t.Helper()
	members := map[string]bool{}
	for i := range w.Crowd().Size() {
		members[w.Crowd().Member(i).Number] = true
	}
	for held := range w.Contacts() {
		reference := "+" + strings.TrimPrefix(held.Reference, "+")
		require.True(t, members[reference], "a contact that no member stands for")
		if failure, failed := failures[reference]; failed {
			require.Equal(t, audience.Unresolved, failure.outcome, "claimed not to be taken, and there")
		}
	}
}

// requireTrueClaims compares the account of a first run with what Hello Charles
// holds: whoever has no failure is there, with what was mapped; who failed is not.
func requireTrueClaims(t *testing.T, w *world, failures map[string]claim) {
	t.Helper()
	exceptions := w.Exceptions()
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		if member.Kind != people.Plain && member.Kind != people.BadEmail {
			continue
		}
		held, there := w.Contact(member.Number)
		failure, failed := failures[member.Number]
		switch {
		case !failed:
			require.True(t, there, "claimed to be taken, and not there")
			require.Equal(t, member.FirstName, held.FirstName)
			require.JSONEq(t, `"member"`, string(held.Properties["zeotap_audience_984"]))
		case failure.outcome == audience.Invalid:
			require.False(t, there, "invalid members are not sent")
		case failure.outcome == audience.Refused:
			require.False(t, there, "claimed to be refused, and there")
			require.Positive(t, exceptions[member.Number].Refused, "nobody refused it")
		default:
			require.Fail(t, "unresolved", "%s %s", failure.outcome, failure.reason)
		}
	}
}

// overlaid lays settings over the connection charles-demo.
func overlaid(t *testing.T, text string, over func(map[string]any) (map[string]any, error)) string {
	t.Helper()
	var file map[string]map[string]map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &file))
	merged, err := over(file["connections"]["charles-demo"])
	require.NoError(t, err)
	file["connections"]["charles-demo"] = merged
	whole, err := yaml.Marshal(file)
	require.NoError(t, err)
	return string(whole)
}
