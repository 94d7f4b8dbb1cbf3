package simulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

func TestKnownMembersAreContactsWithOtherContentFromTheBeginning(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Zeotap:  simulator.ZeotapOptions{Members: 200, Seed: 1},
		Charles: simulator.CharlesOptions{Known: simulator.KnownContacts{Members: 100}},
	})
	begin := func() {
		stats := w.Stats()
		require.EqualValues(t, 100, stats.Contacts)
		require.Zero(t, stats.UpsertsApplied)
		require.Zero(t, stats.Segments["seg-984"].Actual)
	}
	begin()
	phones := map[string]bool{}
	for contact := range w.Contacts() {
		require.Equal(t, "zeotap", contact.SourceType)
		require.Equal(t, []string{"newsletter"}, contact.Tags)
		require.Equal(t, []string{"Earlier", "Middle", "Name"}, []string{contact.FirstName, contact.MiddleName, contact.LastName})
		require.Equal(t, `"1970-01-01"`, string(contact.Properties["birthday"]))
		require.Equal(t, `"email"`, string(contact.Properties["preferred_channel"]))
		require.Len(t, contact.Emails, 1)
		require.Len(t, contact.Phones, 1)
		require.NotEqual(t, contact.Reference, contact.Phones[0])
		phones[contact.Phones[0]] = true
	}
	require.Len(t, phones, 100)

	member := w.Crowd().Member(0)
	require.Equal(t, people.Plain, member.Kind)
	got := w.do("POST", w.charles+batch, contactsOf(member.Number), http.StatusOK, nil)
	require.Contains(t, string(got.body), `"status":"updated"`)
	held, _ := w.Contact(member.Number)
	require.Equal(t, []string{"newsletter", "zeotap"}, held.Tags)
	require.Equal(t, 1, held.Upserts)
	w.Reset()
	begin()
}

func TestKnownContactsCanBeOfAnotherSource(t *testing.T) {
	t.Parallel()
	for byReference, contacts := range map[bool]int64{true: 5, false: 6} {
		w := start(t, simulator.Options{
			Zeotap: simulator.ZeotapOptions{Members: 20, Seed: 1},
			Charles: simulator.CharlesOptions{
				Known: simulator.KnownContacts{Members: 5, SourceType: "shop"}, ByReference: byReference,
			},
		})
		w.do("POST", w.charles+batch, contactsOf(w.Crowd().Member(0).Number), http.StatusOK, nil)
		require.Equal(t, contacts, w.Stats().Contacts)
	}
}
