package simulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
)

// truth is what the workspace holds for references, and whether they were erased.
func (w *world) truth(references ...string) []contacts.Truth {
	w.t.Helper()
	var got struct{ References []contacts.Truth }
	w.do("POST", w.charles+"/_sim/truth", object{"references": references}, http.StatusOK, &got)
	require.Equal(w.t, w.Truth(references...), got.References, "the Go value tells the same")
	return got.References
}

func (w *world) erase(references ...string) int {
	w.t.Helper()
	var got struct{ Erased int }
	w.do("POST", w.charles+"/_sim/erase", object{"references": references}, http.StatusOK, &got)
	return got.Erased
}

func TestWhatTheWorkspaceHoldsIsToldByReference(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{StitchPhone: true}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, with(contact("b"), "source_type", "crm"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, property("a", "zeotap_audience_984", "left"), http.StatusOK, nil)
	truth := w.truth("a", "b", "c")
	require.Equal(t, truth[0].Contacts, truth[1].Contacts)
	one := truth[0].Contacts[0]
	require.Equal(t, []contacts.Key{{SourceType: "zeotap", Reference: "a"}, {SourceType: "crm", Reference: "b"}}, one.Keys)
	require.Equal(t, []string{"+4915112345678"}, one.Phones)
	require.Equal(t, []string{"seg-zeotap"}, one.Segments)
	require.JSONEq(t, `"left"`, string(one.Properties["zeotap_audience_984"]))
	require.Equal(t, 3, one.Upserts)
	require.Equal(t, 1, one.UpsertsWithoutChannels)
	require.Equal(t, contacts.Truth{Reference: "c", Contacts: []contacts.Contact{}}, truth[2])
	w.do("POST", w.charles+"/_sim/truth", []byte(`{"reference":["a"]}`), http.StatusBadRequest, nil)
}

func TestAnErasedContactIsGoneWithAllItsReferencesUntilItIsSentAgain(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{StitchPhone: true, ChannelsToCreate: true}})
	w.do("POST", w.charles+batch, contactsOf("old", "new"), http.StatusOK, nil)
	require.Equal(t, "1", w.counted())
	require.Equal(t, 1, w.erase("old"))
	require.Equal(t, "0", w.counted())
	require.Empty(t, w.list(count))
	for _, reference := range []string{"old", "new"} {
		w.do("GET", w.charles+single+"/"+reference, nil, http.StatusNotFound, nil)
		got := w.do("PUT", w.charles+single, property(reference, "zeotap_audience_984", "left"), http.StatusUnprocessableEntity, nil)
		require.Contains(t, string(got.body), "phone_numbers_required")
	}
	require.True(t, w.truth("new")[0].Erased)
	require.EqualValues(t, 1, w.Stats().Erased)
	require.Zero(t, w.Stats().Returned)

	w.do("PUT", w.charles+single, contact("new"), http.StatusCreated, nil)
	require.EqualValues(t, 1, w.Stats().Returned, "an upsert that could create did")
	require.Len(t, w.truth("new")[0].Contacts, 1)
	require.Empty(t, w.truth("old")[0].Contacts)
	w.Reset()
	require.False(t, w.truth("new")[0].Erased)
}

func TestAnErasedContactComesBackEmptyWhereNothingIsNeededToCreate(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	require.Equal(t, 1, w.Erase("a"))
	w.do("PUT", w.charles+single, property("a", "zeotap_audience_984", "left"), http.StatusCreated, nil)
	require.EqualValues(t, 1, w.Stats().Returned)
	require.Empty(t, w.truth("a")[0].Contacts[0].FirstName)
}

func TestAContactThatIsNotThereCanBeRefusedInOtherWords(t *testing.T) {
	t.Parallel()
	options := simulator.CharlesOptions{
		ChannelsToCreate: true, NoContact: simulator.NoContact{Status: http.StatusNotFound, Code: "contact_not_found"},
		Batch: simulator.BatchOptions{Items: simulator.ItemOptions{Status: simulator.StatusHTTP}},
	}
	w := start(t, simulator.Options{Charles: options})
	leaver := property("a", "zeotap_audience_984", "left")
	got := w.do("PUT", w.charles+single, leaver, http.StatusNotFound, nil)
	require.Contains(t, string(got.body), `"message_key":"contact_not_found"`)
	got = w.do("POST", w.charles+batch, object{"contacts": []object{contact("b"), leaver}}, http.StatusMultiStatus, nil)
	require.Contains(t, string(got.body), `{"external_reference_id":"a","status":404,"error":{"code":"contact_not_found"`)
	require.Equal(t, "contact_not_found", w.Exceptions()["a"].Code)

	options.NoContact.Status = http.StatusForbidden
	require.ErrorContains(t, simulator.Options{Charles: options}.Validate(), "no_contact.status: 403 is none of")
}

func TestContactsOfTheAppAndOfOthersCanBeInASegment(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{ChannelsToCreate: true, StitchPhone: true}})
	member := object{"zeotap_audience_984": "member"}
	w.do("POST", w.charles+"/_sim/contacts", object{"contacts": []object{
		{"first_name": "Made in the app", "phone_numbers": []string{"+4915112345678"}, "custom_properties": member},
		{"source_type": "shop", "external_reference_id": "s1", "custom_properties": member},
		{"source_type": "zeotap", "external_reference_id": "z1", "custom_properties": member},
	}}, http.StatusNoContent, nil)
	require.Equal(t, "3", w.counted())
	require.Zero(t, w.Stats().UpsertsApplied)
	users := func() (all [][]any) {
		for _, row := range w.list(count) {
			person, _ := row["person"].(object)
			users, _ := person["channel_users"].([]any)
			keys := make([]any, 0, 2*len(users))
			for _, one := range users {
				user, _ := one.(object)
				keys = append(keys, user["source_type"], user["external_person_reference_id"])
			}
			all = append(all, keys)
		}
		return all
	}
	require.Equal(t, [][]any{{}, {"shop", "s1"}, {"zeotap", "z1"}}, users())

	// Who has the phone number of the contact of the app becomes one with it.
	w.do("PUT", w.charles+single, contact("z2"), http.StatusOK, nil)
	require.Equal(t, [][]any{{"zeotap", "z2"}, {"shop", "s1"}, {"zeotap", "z1"}}, users())
	w.do("POST", w.charles+"/_sim/contacts", []byte(`{"contacts":[{"phone":1}]}`), http.StatusBadRequest, nil)
}

func TestTheListOfASegmentCanBeWrong(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c", "d", "e"), http.StatusOK, nil)
	references := func(query string) (all []any) {
		for _, row := range w.list(count + query) {
			person, _ := row["person"].(object)
			users, _ := person["channel_users"].([]any)
			user, _ := users[0].(object)
			all = append(all, user["external_person_reference_id"])
		}
		return all
	}
	plan := func(p string) {
		w.do("POST", w.charles+"/_sim/faults", []byte("preview: "+p), http.StatusNoContent, nil)
	}
	plan("{cut_after: 3}")
	require.Equal(t, []any{"a", "b"}, references("?limit=2"))
	require.Equal(t, []any{"c"}, references("?limit=2&offset=2"))
	require.Empty(t, references("?limit=2&offset=4"))
	require.Equal(t, "5", w.counted(), "the count is right")
	plan("{ignore_offset: true}")
	require.Equal(t, []any{"a", "b"}, references("?limit=2&offset=2"))
	plan("{page_max: 2}")
	require.Equal(t, []any{"b", "c"}, references("?limit=100&offset=1"))
	plan("{no_count: true}")
	require.Empty(t, w.counted())
	plan("{forbidden: true}")
	w.do("GET", w.charles+count, nil, http.StatusForbidden, nil)
	require.Equal(t, "5", w.counted())
	w.do("POST", w.charles+"/_sim/faults", []byte("preview: {cut_after: -1}"), http.StatusBadRequest, nil)
}
