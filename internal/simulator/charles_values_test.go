package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// TestEachKindOfUnknownValueHasItsOwnSwitch sends one contact with one value
// without a place, between two good ones.
func TestEachKindOfUnknownValueHasItsOwnSwitch(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct {
		bad  object
		give func(*simulator.CharlesOptions, simulator.UnknownValues)
	}{
		"tag_unknown": {
			with(contact("b"), "tags", []string{"zeotap", "ghost"}),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.UnknownTags = v },
		},
		"custom_property_unknown": {
			property("b", "ghost", "x"),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.UnknownProperties = v },
		},
		"custom_property_read_only": {
			property("b", "customer_tier", "gold"),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.ReadOnly = v },
		},
		"custom_property_type": {
			property("b", "loyalty_points", "many"),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.WrongTypes = v },
		},
		"custom_property_option": {
			property("b", "preferred_channel", "pigeon"),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.UnknownOptions = v },
		},
		"phone_invalid": {
			with(contact("b"), "phone_numbers", []object{{"value": "0151 1"}}),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.BadChannels = v },
		},
		"email_invalid": {
			with(contact("b"), "email_address", []object{{"value": "zoe"}}),
			func(o *simulator.CharlesOptions, v simulator.UnknownValues) { o.BadChannels = v },
		},
	}
	outcomes := map[simulator.UnknownValues]struct {
		status            int
		contacts, dropped int64
	}{
		simulator.TakeUnknown:     {http.StatusOK, 3, 0},
		simulator.DropUnknown:     {http.StatusOK, 3, 1},
		simulator.RefuseContact:   {http.StatusMultiStatus, 2, 0},
		simulator.RefuseWholeCall: {http.StatusUnprocessableEntity, 0, 0},
	}
	for code, kind := range kinds {
		for what, want := range outcomes {
			var options simulator.CharlesOptions
			kind.give(&options, what)
			w := start(t, simulator.Options{Charles: options})
			body := object{"contacts": []object{contact("a"), kind.bad, contact("c")}}
			got := w.do("POST", w.charles+batch, body, want.status, nil)
			require.Equal(t, want.status > 200, jsonHas(got.body, code), "%s %s", code, got.body)
			stats := w.Stats()
			require.Equal(t, want.contacts, stats.Contacts, "%s %s", code, what)
			require.Equal(t, want.dropped, stats.ValuesDropped, "%s %s", code, what)
			require.Equal(t, stats.UpsertsReceived, stats.UpsertsApplied+stats.UpsertsRefused)
		}
	}
}

func jsonHas(body []byte, code string) bool {
	var found any
	return json.Unmarshal(body, &found) == nil && mentions(found, code)
}

func mentions(value any, code string) bool {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range value {
			if mentions(inner, code) {
				return true
			}
		}
	case []any:
		for _, inner := range value {
			if mentions(inner, code) {
				return true
			}
		}
	case string:
		return value == code
	}
	return false
}

func TestADroppedChannelLeavesTheContactAsItWas(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{BadChannels: simulator.DropUnknown}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, with(contact("a"), "email_address", []object{{"value": "zoe"}}), http.StatusOK, nil)
	stored, _ := w.Contact("a")
	require.Equal(t, []string{"zoe@example.com"}, stored.Emails)
}

func TestATagThatIsTakenIsCreated(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{UnknownTags: simulator.TakeUnknown}})
	w.do("PUT", w.charles+single, with(contact("a"), "tags", []string{"new"}), http.StatusCreated, nil)
	stored, _ := w.Contact("a")
	require.Equal(t, []string{"new"}, stored.Tags)
}

func TestOfAMultiselectTheOptionsStay(t *testing.T) {
	t.Parallel()
	numbers := simulator.PersonProperty("1", "size", "number", "select")
	numbers.Input.Options = []simulator.PropertyOption{{Label: "S", Value: 36}, {Label: "L", Value: 42}}
	interests := simulator.PersonProperty("2", "interests", "object", "multiselect")
	interests.Input.Options = []simulator.PropertyOption{{Label: "Running", Value: "running"}, {Label: "Hiking", Value: "hiking"}}
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		UnknownOptions: simulator.DropUnknown, Properties: []simulator.Property{numbers, interests},
	}})
	body := with(contact("a"), "custom_properties", object{"size": 42, "interests": []string{"hiking", "chess", "running"}})
	w.do("PUT", w.charles+single, body, http.StatusCreated, nil)
	w.do("PUT", w.charles+single, property("a", "size", 41), http.StatusOK, nil)
	stored, _ := w.Contact("a")
	require.JSONEq(t, `["hiking","running"]`, string(stored.Properties["interests"]))
	require.JSONEq(t, "42", string(stored.Properties["size"]))
	require.EqualValues(t, 2, w.Stats().ValuesDropped)

	w.do("PUT", w.charles+single, property("a", "interests", nil), http.StatusOK, nil)
	stored, _ = w.Contact("a")
	require.NotContains(t, stored.Properties, "interests")
}

func TestADateWithTimeHasAnOffset(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Unknown: simulator.RefuseContact}})
	w.do("PUT", w.charles+single, property("a", "last_order_at", "2026-10-31T09:30:00+01:00"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, property("a", "last_order_at", "2026-10-31 09:30"), http.StatusUnprocessableEntity, nil)
}

func TestAMalformedContactCanBeRefusedAlone(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Malformed: simulator.RefuseContact, MalformedStatus: 422}})
	body := object{"contacts": []object{contact("a"), with(contact("b"), "tags", object{"x": []int{1}}), contact("c")}}
	got := w.do("POST", w.charles+batch, body, http.StatusMultiStatus, nil)
	require.Contains(t, string(got.body), `"code":"wrong_type"`)
	require.EqualValues(t, 2, w.Stats().Contacts)
	w.do("PUT", w.charles+single, with(contact("b"), "tags", 1), http.StatusUnprocessableEntity, nil)
	w.do("PUT", w.charles+single, []byte("{"), http.StatusBadRequest, nil)
}

func TestMergeSwitchesReachTheStore(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		ReplaceTags: true, IgnoreNull: true, ByReference: true, StitchPhone: true,
	}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	change := with(with(contact("a"), "tags", []string{"vip"}), "first_name", nil)
	w.do("PUT", w.charles+single, with(change, "source_type", "crm"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, contact("b"), http.StatusOK, nil)
	stored, _ := w.Contact("a")
	require.Equal(t, "Zoë", stored.FirstName)
	require.Equal(t, []string{"zeotap"}, stored.Tags)
	require.Equal(t, []string{"b"}, stored.AlsoKnownAs)
	require.EqualValues(t, 1, w.Stats().Contacts)
	require.EqualValues(t, 1, w.Stats().Stitched)
	require.Equal(t, "1", w.counted())
}

func TestATagThatSomebodyCreatesIsThereForContactsAndReadsUntilTheReset(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	before := len(w.list("/api/v0/tags"))
	tagged := with(contact("a"), "tags", []string{"1021"})
	w.do("PUT", w.charles+single, tagged, http.StatusCreated, nil)
	stored, _ := w.Contact("a")
	require.Empty(t, stored.Tags)

	w.AddTag(simulator.PersonTag("t-10", "1021"))
	require.Len(t, w.list("/api/v0/tags"), before+1)
	w.do("PUT", w.charles+single, tagged, http.StatusOK, nil)
	stored, _ = w.Contact("a")
	require.Equal(t, []string{"1021"}, stored.Tags)

	w.Reset()
	require.Len(t, w.list("/api/v0/tags"), before)
}
