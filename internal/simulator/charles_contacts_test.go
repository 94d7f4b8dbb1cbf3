package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

func with(c object, key string, value any) object {
	c = maps.Clone(c)
	c[key] = value
	return c
}

func without(c object, key string) object {
	c = maps.Clone(c)
	delete(c, key)
	return c
}

func TestOneContactIsCreatedAndThenUpdated(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	got := w.do("PUT", w.charles+single, contact("+491"), http.StatusCreated, nil)
	require.Contains(t, string(got.body), `"external_reference_id":"+491"`)
	update := object{
		"external_reference_id": "+491", "source_type": "zeotap", "last_name": "Weiß", "first_name": nil,
		"tags": []string{"vip"}, "custom_properties": object{"loyalty_points": 12.5},
	}
	w.do("PUT", w.charles+single, update, http.StatusOK, nil)

	stored, found := w.Contact("+491")
	require.True(t, found)
	require.Equal(t, contacts.Contact{
		ID: stored.ID, SourceType: "zeotap", Reference: "+491", LastName: "Weiß",
		Phones: []string{"+4915112345678"}, Emails: []string{"zoe@example.com"}, Tags: []string{"vip", "zeotap"},
		Properties: map[string]json.RawMessage{
			"zeotap_audience_984": json.RawMessage(`"member"`), "loyalty_points": json.RawMessage(`12.5`),
		},
		Keys:     []contacts.Key{{SourceType: "zeotap", Reference: "+491"}},
		Segments: []string{"seg-984", "seg-zeotap"}, Upserts: 2, UpsertsWithoutChannels: 1,
	}, stored)
}

func TestABatchSaysWhatBecameOfEachContact(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	mixed := object{"contacts": []object{
		contact("b"), contact("c"), with(contact("d"), "phone_numbers", []object{{"value": "0151 1234"}}),
	}}
	got := w.do("POST", w.charles+batch, mixed, http.StatusMultiStatus, nil)
	require.JSONEq(t, `{"items":[
		{"external_reference_id":"b","status":"updated"},
		{"external_reference_id":"c","status":"created"},
		{"external_reference_id":"d","status":"refused","error":{"code":"phone_invalid","message":"the phone number is not in international format"}}
	]}`, string(got.body))
	stats := w.Stats()
	require.EqualValues(t, 3, stats.Contacts)
	require.EqualValues(t, 5, stats.UpsertsReceived)
	require.EqualValues(t, 4, stats.UpsertsApplied)
	require.EqualValues(t, 1, stats.UpsertsRefused)
	require.EqualValues(t, 2, stats.Batches)
}

func TestTheAnswerToABatchHasThreeForms(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Reply: simulator.ReplyCounts}}})
	got := w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	require.JSONEq(t, `{"created":2,"updated":0,"refused":0}`, string(got.body))

	w = start(t, simulator.Options{Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Reply: simulator.ReplyNone}}})
	require.Empty(t, w.do("POST", w.charles+batch, contactsOf("a"), http.StatusNoContent, nil).body)
	require.Empty(t, w.do("PUT", w.charles+single, contact("a"), http.StatusNoContent, nil).body)
}

func TestTheBatchCallTakesTheShapeOfTheOptions(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		Batch: simulator.BatchOptions{Method: "PUT", Path: "/api/v2/bulk", Envelope: "array", MaxItems: 2},
	}})
	w.do("PUT", w.charles+"/api/v2/bulk", []object{contact("a"), contact("b")}, http.StatusOK, nil)
	w.do("PUT", w.charles+"/api/v2/bulk", []object{contact("a"), contact("b"), contact("c")}, http.StatusRequestEntityTooLarge, nil)
	w.do("PUT", w.charles+"/api/v2/bulk", contactsOf("a"), http.StatusBadRequest, nil)
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusNotFound, nil)
	require.EqualValues(t, 2, w.Stats().Contacts)
}

func TestABatchHasAtMostAThousandContacts(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	references := make([]string, 1001)
	for i := range references {
		references[i] = fmt.Sprint(i)
	}
	w.do("POST", w.charles+batch, contactsOf(references...), http.StatusRequestEntityTooLarge, nil)
	require.Zero(t, w.Stats().Contacts)
	w.do("POST", w.charles+batch, contactsOf(references[:1000]...), http.StatusOK, nil)
	require.EqualValues(t, 1000, w.Stats().Contacts)
}

func TestCallsThatAreNotOfTheContractAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	good := contact("a")
	for name, body := range map[string]any{
		"not JSON":             []byte(`{"external_reference_id":`),
		"two values":           []byte(`{"external_reference_id":"a","source_type":"zeotap"} {}`),
		"an array":             []object{good},
		"no reference":         without(good, "external_reference_id"),
		"no source type":       without(good, "source_type"),
		"a numeric reference":  with(good, "external_reference_id", 491),
		"a single tag":         with(good, "tags", "zeotap"),
		"listed properties":    with(good, "custom_properties", []string{"city"}),
		"one email":            with(good, "email_address", "zoe@example.com"),
		"a misspelled key":     with(good, "email_addresses", []object{}),
		"phones without value": with(good, "phone_numbers", []object{{"value": 49}}),
	} {
		got := w.do("PUT", w.charles+single, body, http.StatusBadRequest, nil)
		require.Contains(t, string(got.body), `{"errors":[{"code":400`, name)
		if one, isObject := body.(object); isObject {
			w.do("POST", w.charles+batch, object{"contacts": []object{good, one}}, http.StatusBadRequest, nil)
		}
	}
	w.do("POST", w.charles+batch, object{"contacts": []object{}}, http.StatusBadRequest, nil)
	w.do("POST", w.charles+batch, object{"people": []object{good}}, http.StatusBadRequest, nil)
	w.do("POST", w.charles+batch, []byte(`{"contacts":[]`), http.StatusBadRequest, nil)
	w.header.Set("Content-Type", "text/plain")
	w.do("PUT", w.charles+single, good, http.StatusBadRequest, nil)
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusBadRequest, nil)
	require.Zero(t, w.Stats().Contacts)
	require.Zero(t, w.Stats().UpsertsReceived)
}

func TestAWrongTypeIsNamedByItsKey(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	for _, key := range []string{"external_reference_id", "tags", "custom_properties"} {
		got := w.do("PUT", w.charles+single, with(contact("a"), key, 5), http.StatusBadRequest, nil)
		require.Contains(t, string(got.body), "the key "+key+" has a value of the wrong type")
	}
}

// odd has five values without a place: each one property is missing, read-only,
// a deleted twin, or has the wrong type, and one tag is unknown.
func odd(reference string) object {
	return with(with(contact(reference), "tags", []string{"zeotap", "Newsletter"}), "custom_properties", object{
		"city": "Köln", "town": "Köln", "customer_tier": "gold", "Loyalty_Points": "5", "loyalty_points": "5",
	})
}

func TestUnknownValuesAreDroppedSilently(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	w.do("PUT", w.charles+single, odd("a"), http.StatusCreated, nil)
	stored, _ := w.Contact("a")
	require.Equal(t, []string{"zeotap"}, stored.Tags)
	require.Equal(t, map[string]json.RawMessage{"city": json.RawMessage(`"Köln"`)}, stored.Properties)
	require.EqualValues(t, 5, w.Stats().ValuesDropped)
}

func TestTagsCanBeNamedByTheirIDs(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{TagsByID: true}})
	w.do("PUT", w.charles+single, with(contact("a"), "tags", []string{"t-01", "vip"}), http.StatusCreated, nil)
	stored, _ := w.Contact("a")
	require.Equal(t, []string{"zeotap"}, stored.Tags)
}

func TestUnknownValuesCanRefuseTheContactOrTheCall(t *testing.T) {
	t.Parallel()
	both := object{"contacts": []object{contact("a"), odd("b")}}
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Unknown: simulator.RefuseContact}})
	got := w.do("POST", w.charles+batch, both, http.StatusMultiStatus, nil)
	require.Contains(t, string(got.body), `"status":"refused","error":{"code":"tag_unknown"`)
	require.EqualValues(t, 1, w.Stats().Contacts)
	w.do("PUT", w.charles+single, odd("b"), http.StatusUnprocessableEntity, nil)

	w = start(t, simulator.Options{Charles: simulator.CharlesOptions{Unknown: simulator.RefuseWholeCall}})
	w.do("POST", w.charles+batch, both, http.StatusUnprocessableEntity, nil)
	require.Zero(t, w.Stats().Contacts)
}

func TestPropertyValuesHaveTheTypeOfTheProperty(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		Unknown: simulator.RefuseContact,
		Properties: []simulator.Property{
			simulator.PersonProperty("1", "text", "string", "textinput"),
			simulator.PersonProperty("2", "number", "number", "numberinput"),
			simulator.PersonProperty("3", "day", "string", "date"),
			simulator.PersonProperty("4", "flag", "boolean", "checkbox"),
			simulator.PersonProperty("5", "list", "object", "multiselect"),
		},
	}})
	accepted := map[string][]any{
		"text": {"x", "", nil}, "number": {1, -2.5, nil}, "day": {"2001-02-28", nil}, "flag": {true, false, nil}, "list": {[]string{"x"}, nil},
	}
	refused := map[string][]any{
		"text": {1, true, object{}}, "number": {"1", true}, "day": {"28.02.2001", "2001-02-30", 5}, "flag": {"true", 1}, "list": {"x"},
	}
	for name, values := range accepted {
		for _, value := range values {
			require.Less(t, w.try("PUT", w.charles+single, property("a", name, value)).status, 300, "%s %v", name, value)
		}
	}
	for name, values := range refused {
		for _, value := range values {
			w.do("PUT", w.charles+single, property("a", name, value), http.StatusUnprocessableEntity, nil)
		}
	}
}

func property(reference, name string, value any) object {
	return object{"external_reference_id": reference, "source_type": "zeotap", "custom_properties": object{name: value}}
}

func TestChannelsMustBeUsableUnlessAnyIsTaken(t *testing.T) {
	t.Parallel()
	bad := []object{
		with(contact("a"), "phone_numbers", []object{{"value": "0151 12345678"}}),
		with(contact("a"), "phone_numbers", []object{{"value": ""}}),
		with(contact("a"), "email_address", []object{{"value": "zoe"}}),
		with(contact("a"), "email_address", []object{{"value": "zoe@@example.com"}}),
	}
	strict, lenient := start(t, simulator.Options{}), start(t, simulator.Options{Charles: simulator.CharlesOptions{BadChannels: simulator.TakeUnknown}})
	for _, body := range bad {
		strict.do("PUT", strict.charles+single, body, http.StatusUnprocessableEntity, nil)
		require.Less(t, lenient.try("PUT", lenient.charles+single, body).status, 300)
	}
	digits := with(contact("a"), "phone_numbers", []object{{"value": "4915112345678"}})
	strict.do("PUT", strict.charles+single, digits, http.StatusCreated, nil)
}

func TestCreatingCanNeedChannels(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{ChannelsToCreate: true}})
	leaver := property("a", "zeotap_audience_984", "left")
	got := w.do("PUT", w.charles+single, leaver, http.StatusUnprocessableEntity, nil)
	require.Contains(t, string(got.body), "phone_numbers_required")
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, leaver, http.StatusOK, nil)
}

func TestABatchCanBeAllOrNothing(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		ChannelsToCreate: true, Batch: simulator.BatchOptions{AllOrNothing: true},
	}})
	for _, bad := range []object{
		with(contact("b"), "phone_numbers", []object{{"value": "none"}}), without(contact("b"), "email_address"),
	} {
		got := w.do("POST", w.charles+batch, object{"contacts": []object{contact("a"), bad}}, http.StatusUnprocessableEntity, nil)
		require.Contains(t, string(got.body), "contacts[1]")
		require.NotContains(t, string(got.body), "contacts[0]")
	}
	require.Zero(t, w.Stats().Contacts)
	require.EqualValues(t, 4, w.Stats().UpsertsRefused)
	w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
}

func TestOmittedFieldsCanBeCleared(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{ClearOmitted: true}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, property("a", "city", "Köln"), http.StatusOK, nil)
	stored, _ := w.Contact("a")
	require.Empty(t, stored.FirstName)
	require.Equal(t, "0", w.counted())
}

func TestAContactCallNeedsTheKeyAndTheBeta(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Key: "secret"}})
	for _, key := range []string{"", "wrong"} {
		w.header.Set("X-Api-Key", key)
		for _, path := range []string{"PUT " + single, "POST " + batch} {
			method, path, _ := strings.Cut(path, " ")
			got := w.do(method, w.charles+path, contact("a"), http.StatusUnauthorized, nil)
			require.NotContains(t, string(got.body), "secret")
		}
	}
	w.header.Set("X-Api-Key", "secret")
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)

	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		w = start(t, simulator.Options{Charles: simulator.CharlesOptions{BetaStatus: status}})
		w.do("POST", w.charles+batch, contactsOf("a"), status, nil)
		w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusOK, nil)
	}
}

func TestACallWithAContactThatTheAPICannotBearFailsAndHasNoEffect(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Faults: simulator.Faults{Crash: []faults.Selection{{References: []string{"b"}}}}})
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c"), http.StatusInternalServerError, nil)
	w.do("PUT", w.charles+single, contact("b"), http.StatusInternalServerError, nil)
	require.Zero(t, w.Stats().Contacts)
	w.do("POST", w.charles+batch, contactsOf("a", "c"), http.StatusOK, nil)
	require.EqualValues(t, 2, w.Stats().Contacts)
}
