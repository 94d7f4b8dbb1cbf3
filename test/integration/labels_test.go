package integration

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

// everyTag is a workspace in which the audiences of the members are tags, but
// those that are left out.
func everyTag(but ...string) func(*settings) {
	return func(s *settings) {
		s.simulator.Charles.Tags = simulator.DefaultTags()
		for _, label := range []string{"77", "984", "1021"} {
			if !slices.Contains(but, label) {
				s.simulator.Charles.Tags = append(s.simulator.Charles.Tags, simulator.PersonTag("t-"+label, label))
			}
		}
	}
}

// tagging is the demo's sync with the audiences of each member as tags.
func tagging(t *testing.T, labels config.Labels) config.Sync {
	t.Helper()
	spec := tolerant(t)
	spec.Mapping.Tags = append(spec.Mapping.Tags, config.TagSource{
		ListField: config.ListField{List: "segment_membership"}, Labels: labels,
	})
	return spec
}

// carriers are the references of the contacts of which a member carries the
// label in the source.
func (w *world) carriers(label string) map[string]bool {
	carriers := map[string]bool{}
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		if member.Kind == people.Plain && slices.Contains(member.Audiences, label) {
			carriers[member.Number] = true
		}
	}
	return carriers
}

// withheld counts the labels that the newest run left out.
func (w *world) withheld(t *testing.T) map[string]int64 {
	t.Helper()
	counts, err := w.ledger(t).Withheld(t.Context(), demo(t).Sync, 0)
	require.NoError(t, err)
	members := map[string]int64{}
	for _, count := range counts {
		require.Equal(t, "tags", count.Target)
		members[string(count.Kind)+" "+count.Label] = count.Members
	}
	return members
}

func TestLabelsThatAreNotAllowedAreLeftOutAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, everyTag())
	report := w.run(t, tagging(t, config.Labels{Allow: []string{"984", "1021"}}))
	require.Equal(t, audience.Explained, report.Verdict)
	requireTrueClaims(t, w, w.claims(t))
	require.Zero(t, w.Stats().ValuesDropped)

	foreign, other := w.carriers("77"), w.carriers("1021")
	require.Equal(t, map[string]int64{"withheld 77": int64(len(foreign))}, w.withheld(t))
	require.Equal(t, map[string]int64{"tags": int64(len(foreign))}, report.Withheld)
	for contact := range w.Contacts() {
		require.NotContains(t, contact.Tags, "77")
		require.Contains(t, contact.Tags, "984")
		require.Equal(t, other[contact.Reference], slices.Contains(contact.Tags, "1021"))
	}
}

func TestATagThatIsCreatedLaterIsSentToExactlyThoseWhoCarryIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, everyTag("1021"), withFaults(blocked))
	spec := tagging(t, config.Labels{})
	first := w.run(t, spec)
	require.Zero(t, w.Stats().ValuesDropped, "a tag was sent that does not exist")
	sent := w.Stats().UpsertsReceived
	require.Zero(t, w.run(t, spec).Requests)

	w.AddTag(simulator.PersonTag("t-1021", "1021"))
	carriers := w.carriers("1021")
	for reference, claim := range w.claims(t) {
		if claim.outcome == audience.Refused {
			// The tag may be what they were refused for.
			carriers[reference] = true
		}
	}
	third := w.run(t, spec)
	require.Equal(t, sent+int64(len(carriers)), w.Stats().UpsertsReceived)
	require.Equal(t, first.Outcomes.Refused, third.Outcomes.Refused)
	require.Equal(t, int64(len(carriers))-third.Outcomes.Refused, third.Outcomes.Updated)
	require.Empty(t, third.Withheld)
	for contact := range w.Contacts() {
		require.Equal(t, carriers[contact.Reference], slices.Contains(contact.Tags, "1021"))
	}
}

func TestUnknownLabelsEndTheRunBeforeAnythingIsSentWhereTheSyncSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, everyTag("1021"))
	_, err := w.end(t, w.started(t, tagging(t, config.Labels{Allow: []string{"984", "1021"}, Unknown: config.UnknownStop})))
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, activities.TypeUnknownLabels, application.Type())
	require.Contains(t, application.Message(), "--withheld")
	require.Zero(t, w.Stats().UpsertsReceived)
	counted := w.withheld(t)
	require.Len(t, counted, 2)
	for _, label := range []string{"77", "1021"} {
		// Those with a bad email address are looked at, too.
		require.GreaterOrEqual(t, counted[string(ledger.LabelUnknown)+" "+label], int64(len(w.carriers(label))))
	}
}

func TestMembersWithoutConsentAreSuppressedAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := tolerant(t)
	yes := config.FilterValue("true")
	spec.Filter = &config.Condition{Field: "consent.whatsapp", Is: &yes}
	report := w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict)

	var suppressed int64
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		if member.Kind == people.Duplicate {
			continue // Counted as what it is, wherever the first one went.
		}
		if !member.WhatsApp {
			suppressed++
		}
		_, there := w.Contact(member.Number)
		require.Equal(t, member.WhatsApp && member.Kind == people.Plain, there)
	}
	require.Positive(t, suppressed)
	require.Equal(t, suppressed, report.Outcomes.Suppressed)
	require.Equal(t, suppressed, report.Reasons[string(audience.ExcludedByFilter)])
	require.Equal(t, report.Source.Read, report.Outcomes.Total())
	require.Equal(t, w.Stats().Audience.Duplicates, report.Outcomes.Duplicate)
	for _, claim := range w.claims(t) {
		require.NotEqual(t, audience.Suppressed, claim.outcome, "who is suppressed is no failure")
	}
}
