package integration

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/workflows"
)

// mirror is the demo's sync, which also takes the marker from those who left.
func mirror(t *testing.T) config.Sync {
	t.Helper()
	spec := demo(t)
	spec.Mode, spec.Marker.Left = config.ModeMirror, "left"
	return spec
}

// someone is the reference of an invented person.
func someone(person int) string { return fmt.Sprintf("+4915112345%03d", person) }

// everyone are the people from one to another, the last one not included.
func everyone(from, to int) []int {
	var people []int
	for person := from; person < to; person++ {
		people = append(people, person)
	}
	return people
}

// setAudience makes these people the members. The ones in renamed have another name.
func setAudience(t *testing.T, s *simulator.Simulator, people []int, renamed ...int) {
	t.Helper()
	members := make([]map[string]any, 0, len(people))
	for _, person := range people {
		name := "Zoë"
		if slices.Contains(renamed, person) {
			name = "Ada"
		}
		members = append(members, map[string]any{
			"phone": someone(person), "email": fmt.Sprintf("person%d@example.com", person), "first_name": name,
		})
	}
	require.NoError(t, s.SetMembers(members))
}

// newMirror starts a world in which the audience of these people is marked.
func newMirror(t *testing.T, people []int, with ...func(*settings)) *world {
	t.Helper()
	w := newWorld(t, 1, with...)
	setAudience(t, w.Simulator, people)
	report := w.run(t, mirror(t))
	require.Equal(t, audience.Equal, report.Verdict)
	w.requireMarked(t, people)
	return w
}

// requireMarked finds the marker of exactly these people.
func (w *world) requireMarked(t *testing.T, people []int) {
	t.Helper()
	var marked []string
	want := make([]string, 0, len(people))
	for _, person := range people {
		want = append(want, someone(person))
	}
	for contact := range w.Contacts() {
		if markOf(contact, "zeotap_audience_984") == "member" {
			marked = append(marked, contact.Reference)
		}
	}
	require.ElementsMatch(t, want, marked)
}

// markOf is the value of a marker.
func markOf(contact contacts.Contact, property string) string {
	var value string
	_ = json.Unmarshal(contact.Properties[property], &value) // It has none.
	return value
}

func TestALeaverLosesItsMarkAndNothingElseAndTheSegmentCountFalls(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 12))
	before := map[int]contacts.Contact{}
	for _, person := range []int{3, 7} {
		before[person], _ = w.Contact(someone(person))
	}
	stay := slices.DeleteFunc(everyone(0, 12), func(person int) bool { return person == 3 || person == 7 })
	setAudience(t, w.Simulator, stay)
	report := w.run(t, mirror(t))
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	require.Equal(t, audience.Leavers{Removed: 2}, report.Leavers)
	require.Equal(t, audience.Outcomes{Unchanged: 10}, report.Outcomes)
	require.Equal(t, int64(10), *report.Segment.Counted)
	require.Equal(t, int64(1), report.Requests)
	w.requireMarked(t, stay)
	for person, was := range before {
		now, found := w.Contact(someone(person))
		require.True(t, found)
		require.Equal(t, "left", markOf(now, "zeotap_audience_984"))
		require.Equal(t, 1, now.UpsertsWithoutChannels, "the request could have created a contact")
		now.Properties["zeotap_audience_984"], now.Segments = was.Properties["zeotap_audience_984"], was.Segments
		now.Upserts, now.UpsertsWithoutChannels = was.Upserts, was.UpsertsWithoutChannels
		require.Equal(t, was, now)
	}

	require.Zero(t, w.run(t, mirror(t)).Requests, "who has left is not unmarked again")
}

func TestWhoComesBackIsMarkedAgain(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 8))
	setAudience(t, w.Simulator, everyone(0, 6))
	w.run(t, mirror(t))
	w.requireMarked(t, everyone(0, 6))
	setAudience(t, w.Simulator, everyone(0, 8))
	report := w.run(t, mirror(t))
	require.Equal(t, int64(2), report.Plan.Joiners)
	require.Zero(t, report.Plan.Changes)
	require.Equal(t, int64(6), report.Outcomes.Unchanged)
	require.Equal(t, int64(2), report.Outcomes.Updated)
	require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
	w.requireMarked(t, everyone(0, 8))
}

// anotherAudience lets the workspace know a second audience, 985, which has a
// source of its own.
func anotherAudience(t *testing.T) (*simulator.Simulator, func(*settings)) {
	t.Helper()
	other := audience.Audience{ID: "985", Name: "Summer campaign"}
	source := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 1, Audience: other}})
	server := httptest.NewServer(source.ZeotapHandler())
	t.Cleanup(server.Close)
	return source, func(s *settings) {
		first := audience.Audience{ID: "984", Name: "Spring campaign"}
		s.simulator.Charles.Properties = append(simulator.DefaultProperties(first),
			simulator.PersonProperty("p-985", "zeotap_audience_985", "string", "textinput"))
		s.simulator.Charles.Segments = append(simulator.DefaultSegments(first), contacts.Segment{
			ID: "seg-985", Name: other.Name, All: []contacts.Condition{{Property: "zeotap_audience_985", Equals: "member"}},
		})
		s.connections = append(s.connections, "\nconnections:\n", fmt.Sprintf(
			"\nconnections:\n  zeotap-other:\n    kind: zeotap-api\n    base_url: %s\n    credential: file:demo.key\n", server.URL))
	}
}

func TestAContactOfTwoAudiencesThatLeavesOneKeepsTheOther(t *testing.T) {
	t.Parallel()
	source, with := anotherAudience(t)
	w := newMirror(t, everyone(0, 8), with)
	summer := mirror(t)
	summer.Sync, summer.Source, summer.Audience = "summer", "zeotap-other", config.AudienceID{ID: "985"}
	summer.Marker.Property, summer.Verification.Segment = "zeotap_audience_985", "seg-985"
	setAudience(t, source, everyone(4, 12))
	require.Equal(t, audience.Equal, w.run(t, summer).Verdict)

	setAudience(t, w.Simulator, everyone(0, 6)) // 6 and 7 leave the first one
	report := w.run(t, mirror(t))
	require.Equal(t, audience.Leavers{Removed: 2}, report.Leavers)
	setAudience(t, source, everyone(5, 12)) // 4 leaves the second one
	other := w.run(t, summer)
	require.Equal(t, audience.Leavers{Removed: 1}, other.Leavers)
	for _, r := range []*audience.Report{report, other} {
		require.Equal(t, audience.Equal, r.Verdict, r.Explanation)
	}
	require.Equal(t, int64(6), *report.Segment.Counted)
	require.Equal(t, int64(7), *other.Segment.Counted)
	for person, want := range map[int][2]string{
		0: {"member", ""}, 4: {"member", "left"}, 5: {"member", "member"}, 6: {"left", "member"}, 7: {"left", "member"}, 11: {"", "member"},
	} {
		contact, found := w.Contact(someone(person))
		require.True(t, found)
		require.Equal(t, want, [2]string{markOf(contact, "zeotap_audience_984"), markOf(contact, "zeotap_audience_985")}, "person %d", person)
	}
}

func TestAContactThatWeDidNotPutThereIsNeverTouched(t *testing.T) {
	t.Parallel()
	const strangers = 4
	w := newWorld(t, strangers, func(s *settings) {
		// As if Zeotap's own connector had brought some, of the same source type.
		s.simulator.Charles.Known.Members = strangers
	})
	w.AddContacts(
		contacts.Contact{SourceType: "shop", Reference: "shop-1", FirstName: "Customer", Phones: []string{"+4916012345001"}},
		contacts.Contact{FirstName: "Walk-in", Emails: []string{"walk-in@example.com"}},
	)
	before := map[string]contacts.Contact{}
	for contact := range w.Contacts() {
		before[contact.ID] = contact
	}
	require.Greater(t, len(before), 2)
	spec := mirror(t)
	spec.Gate.EmptyAudience = config.GateAllow
	for _, people := range [][]int{everyone(0, 8), everyone(0, 5), nil} {
		setAudience(t, w.Simulator, people)
		report := w.run(t, spec)
		require.Equal(t, audience.Equal, report.Verdict, report.Explanation)
		w.requireMarked(t, people)
		untouched := 0
		for contact := range w.Contacts() {
			if was, stranger := before[contact.ID]; stranger {
				require.Equal(t, was, contact)
				untouched++
			}
		}
		require.Equal(t, len(before), untouched)
	}
}

func TestAReadThatEndsEarlyRemovesNobody(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 20), pagesOf(5))
	sent := len(w.sends(t))
	require.NoError(t, w.SetFaults(simulator.Faults{EndsAfter: 18}))
	_, err := w.end(t, w.started(t, mirror(t)))
	var ended *temporal.ApplicationError
	require.ErrorAs(t, err, &ended)
	require.Equal(t, activities.TypeSourceIncomplete, ended.Type())
	require.Contains(t, ended.Message(), "announced 20 members and its pages held 18")
	require.Len(t, w.sends(t), sent)
	w.requireMarked(t, everyone(0, 20))

	require.NoError(t, w.SetFaults(simulator.Faults{}))
	report := w.run(t, mirror(t))
	require.Equal(t, int64(20), report.Outcomes.Unchanged)
	require.Zero(t, report.Leavers.Total())
}

func TestAReadThatEndsEarlyAndAnnouncedNothingWaitsAtTheGate(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 40), func(s *settings) { s.simulator.Zeotap.NoTotal, s.simulator.Zeotap.NoSize = true, true })
	sent := len(w.sends(t))
	require.NoError(t, w.SetFaults(simulator.Faults{EndsAfter: 10}))
	run := w.started(t, mirror(t))
	hold := w.awaitHold(t, mirror(t))
	require.Contains(t, hold.Why, "30 contacts would be unmarked, 75% of the 40 that the sync has marked")
	require.NoError(t, w.steer(t, mirror(t), workflows.UpdateDecline, hold.ID))
	_, err := w.end(t, run)
	failed(t, err, activities.TypeDeclined)
	require.Len(t, w.sends(t), sent)
	w.requireMarked(t, everyone(0, 40))
}

// erasing is a workspace that creates nobody of a reference alone, and a
// connection that knows how it says that a contact is not there.
func erasing(s *settings) {
	s.simulator.Charles.ChannelsToCreate = true
	s.overCharles = func(connection map[string]any) (map[string]any, error) {
		connection["gone"] = map[string]any{"codes": []string{"phone_numbers_required"}}
		return connection, nil
	}
}

func TestAContactThatWasErasedIsReportedAsGoneAndNotCreatedAgainUnlessAskedFor(t *testing.T) {
	t.Parallel()
	w := newMirror(t, everyone(0, 12), erasing)
	require.Equal(t, 3, w.Erase(someone(2), someone(3), someone(4)))
	spec := mirror(t)
	spec.Limits.Refused, spec.Accept.Refused = 1, 1
	// 2 and 3 have changed, 4 has left.
	people := slices.DeleteFunc(everyone(0, 12), func(person int) bool { return person == 4 })
	setAudience(t, w.Simulator, people, 2, 3)
	stay := slices.DeleteFunc(slices.Clone(people), func(person int) bool { return person == 2 || person == 3 })

	report := w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
	require.Equal(t, audience.Outcomes{Unchanged: 9, Refused: 2}, report.Outcomes)
	require.Equal(t, map[string]int64{string(audience.GoneFromHelloCharles): 2}, report.Reasons)
	require.Equal(t, audience.Leavers{Gone: 1}, report.Leavers)
	require.Equal(t, int64(9), *report.Segment.Counted)
	require.Equal(t, int64(2), report.NewFailures)
	w.requireMarked(t, stay)
	for _, person := range []int{2, 3, 4} {
		require.Empty(t, w.Truth(someone(person))[0].Contacts, "an erased contact came back")
	}

	again := w.run(t, spec)
	require.Zero(t, again.Requests, "that it is gone is known")
	require.Equal(t, int64(2), again.KnownFailures)
	require.Zero(t, again.Plan.Leavers)
	setAudience(t, w.Simulator, people) // and changed once more
	require.Equal(t, int64(2), w.run(t, spec).Reasons[string(audience.GoneFromHelloCharles)])
	w.requireMarked(t, stay)

	run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, Recreate: true})
	require.NoError(t, err)
	require.False(t, joined)
	recreated, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Equal, recreated.Verdict, recreated.Explanation)
	require.Equal(t, audience.Outcomes{Unchanged: 9, Created: 2}, recreated.Outcomes)
	w.requireMarked(t, people)
	require.Empty(t, w.Truth(someone(4))[0].Contacts, "who has left is nobody to be created")
}
