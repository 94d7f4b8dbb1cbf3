package integration

import (
	"encoding/json"
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
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/people"
)

// TestConformance runs the same audience against every plausible Hello Charles,
// and compares what each report claims with what is really held there, contact
// by contact and field by field. Where contacts get lost in silence the verdict
// must say that it cannot be sure.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 300, in(c))
			answers := conformance.Watch(w.charles.next)
			w.charles.next = answers
			account, err := conformance.Open(c, w.Simulator)
			require.NoError(t, err)
			spec := patientSpec(t, c)
			spec.Verification.Repair = 0 // The account is one of a single run.
			report := w.conclude(t, spec)

			requireVerdict(t, c, report)
			claims := w.claimsOfAll(t)
			require.NoError(t, account.Check(claims))
			requireReportOfClaims(t, w, report, claims)
			if !c.Silent {
				requireReportOfStore(t, w, account, report)
			}
			require.Zero(t, w.Stats().RequestsInsideRetryAfter, "a told delay was not heeded")
			require.True(t, c.Shows(conformance.Seen{Simulator: w.Simulator, Answers: answers.Answers()}),
				"nothing to be seen of what the workspace is about")
			// A row of the table that "make conformance" prints.
			t.Logf("row: %-34s %-12s %6d %8d %8d %11d %9d", c.Name, report.Verdict, report.Outcomes.Taken(),
				report.Outcomes.Invalid, report.Outcomes.Refused, report.Outcomes.Unresolved, report.Requests)
		})
	}
}

// requireVerdict expects a verdict that claims no more than can be known.
func requireVerdict(t *testing.T, c conformance.Configuration, report *audience.Report) {
	t.Helper()
	expected := []audience.Verdict{audience.Equal, audience.Explained}
	switch {
	case c.Silent && report.Segment.Comparison != nil && report.Segment.Comparison.Merged > 0:
		expected = []audience.Verdict{audience.Explained} // The references of one contact are named.
	case c.Silent:
		expected = []audience.Verdict{audience.Unexplained, audience.Unverifiable}
	case c.Unread:
		expected = []audience.Verdict{audience.Unverifiable}
	}
	require.Contains(t, expected, report.Verdict, "%s %v", report.Summary, report.Explanation)
}

// claimsOfAll are what the newest run claims of every member that has a
// reference: whoever is no failure was taken.
func (w *world) claimsOfAll(t *testing.T) (claims []conformance.Claim) {
	t.Helper()
	failures := w.claims(t)
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		if member.Number == "" || member.Original != i {
			continue
		}
		claim := conformance.Claim{Contact: conformance.MemberContact(member), Outcome: audience.Accepted}
		if failure, failed := failures[member.Number]; failed {
			claim.Outcome = failure.outcome
			_, claim.Code, _ = strings.Cut(failure.reason, ":")
			delete(failures, member.Number)
		}
		claims = append(claims, claim)
	}
	require.Empty(t, failures, "failures of nobody")
	return claims
}

// requireReportOfClaims compares the figures of a report with the members that
// the ledger names, and with the audience.
func requireReportOfClaims(t *testing.T, w *world, report *audience.Report, claims []conformance.Claim) {
	t.Helper()
	odd := w.Stats().Audience
	require.Equal(t, odd.Members, report.Source.Read)
	require.Equal(t, odd.Members, report.Outcomes.Total(), "outcomes do not add up to members")
	require.Equal(t, odd.Duplicates, report.Outcomes.Duplicate)
	require.Zero(t, report.Outcomes.Unchanged+report.Outcomes.Suppressed)
	require.Equal(t, odd.WithoutPhone+odd.HashedPhone+odd.InvalidPhone+odd.BadEmail, report.Outcomes.Invalid)

	var taken int64
	for _, claim := range claims {
		if claim.Outcome.Took() {
			taken++
		}
	}
	require.Equal(t, taken, report.Outcomes.Taken())
	failures := map[audience.Outcome]int64{}
	for f, err := range w.ledger(t).Failures(t.Context(), ledger.FailureQuery{Sync: demo(t).Sync}) {
		require.NoError(t, err)
		failures[f.Outcome]++
	}
	require.Equal(t, failures[audience.Invalid], report.Outcomes.Invalid)
	require.Equal(t, failures[audience.Refused], report.Outcomes.Refused)
	require.Equal(t, failures[audience.Unresolved], report.Outcomes.Unresolved)
	require.Equal(t, report.Segment.Expected, taken)
}

// requireReportOfStore compares the figures of a report with the contacts that
// are held.
func requireReportOfStore(t *testing.T, w *world, account *conformance.Account, report *audience.Report) {
	t.Helper()
	var created, updated int64
	for contact := range w.Contacts() {
		switch {
		case contact.Upserts == 0: // Nothing was sent, or taken.
		case account.Was(contact.Reference), contact.Upserts > 1: // The last answer counts.
			updated++
		default:
			created++
		}
	}
	require.Equal(t, created+updated, report.Outcomes.Taken())
	require.Equal(t, created+updated, w.Stats().Segments["seg-984"].Actual)
	if report.Segment.Counted != nil {
		require.Equal(t, created+updated, *report.Segment.Counted)
	}
	if report.Outcomes.Accepted == 0 { // The replies tell which.
		require.Equal(t, created, report.Outcomes.Created)
		require.Equal(t, updated, report.Outcomes.Updated)
	}
}

// in sets the world up as a configuration says.
func in(c conformance.Configuration) func(*settings) {
	return func(s *settings) {
		s.simulator.Charles, s.simulator.Faults = c.Charles, c.Faults
		s.simulator.RetryAfterGrace = conformance.Grace
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
	spec.Verification.Sample = 5 // Some workspaces take one request a second.
	birthday := spec.Mapping.Properties["birthday"]
	birthday.Empty = config.EmptyClear
	spec.Mapping.Properties["birthday"] = birthday
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
	l, err := ledger.Open(t.Context(), w.address)
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
			requireFields(t, member, held)
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

// requireFields compares what all syncs of these tests map; tags and the city are
// for those to compare that map them in another way.
func requireFields(t *testing.T, member people.Member, held contacts.Contact) {
	t.Helper()
	require.Equal(t, []string{member.FirstName, member.LastName}, []string{held.FirstName, held.LastName})
	require.Equal(t, []string{member.Number}, held.Phones)
	require.Equal(t, member.Email, strings.Join(held.Emails, " "))
	require.Contains(t, held.Tags, "zeotap")
	for _, property := range conformance.MemberContact(member).Properties {
		value, there := held.Properties[property.Name]
		switch {
		case property.Name == "city":
		case property.Value == nil:
			require.False(t, there, property.Name)
		default:
			encoded, err := json.Marshal(property.Value)
			require.NoError(t, err)
			require.JSONEq(t, string(encoded), string(value))
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
