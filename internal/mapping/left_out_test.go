package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

func TestWhatAContactMayBeSentWithoutIsKnown(t *testing.T) {
	t.Parallel()
	for part, want := range map[string][]string{
		"":                                    nil,
		"mapping: {first_name: {value: Ada}}": nil,
		"mapping: {first_name: a}":            {"first_name"},
		"mapping: {last_name: {template: '{a} {b}'}}":                                      {"last_name"},
		"mapping: {phone: phone}":                                                          {"phone"},
		"mapping: {phone: {from: phone, missing: hold_back}}":                              nil,
		"mapping: {email: {from: email, missing: hold_back, unusable: omit}}":              {"email"},
		"mapping: {tags: [zeotap, {list: a}]}":                                             nil,
		"marker: {property: p, member: m}\nmapping: {tags: [{list: a}]}":                   {"tags"},
		"mapping: {properties: {a: {type: string, value: x}}}":                             nil,
		"mapping: {properties: {a: {type: string, from: x}}}":                              {"a"},
		"mapping: {properties: {a: {type: date, from: x, empty: clear}}}":                  nil,
		"mapping: {properties: {a: {type: date, from: x, empty: clear, unusable: omit}}}":  {"a"},
		"mapping: {properties: {a: {type: select, from: x, empty: clear}}}":                {"a"},
		"mapping: {properties: {a: {type: select, from: x, empty: clear, unknown: stop}}}": nil,
	} {
		require.Equal(t, want, compile(t, syncOf(t, part)).LeavesOut(), part)
	}
}

// checkLeftOut checks that what a contact lacks is among what it may lack.
func checkLeftOut(t *testing.T, mapper *mapping.Mapper, contact audience.Contact) {
	t.Helper()
	named := map[string]bool{
		"first_name": contact.FirstName != "", "middle_name": contact.MiddleName != "", "last_name": contact.LastName != "",
		"phone": contact.Phone != "", "email": contact.Email != "", "tags": len(contact.Tags) > 0,
	}
	for _, property := range contact.Properties {
		named[property.Name] = true
	}
	may := map[string]bool{}
	for _, target := range mapper.LeavesOut() {
		may[target] = true
	}
	for _, step := range mapper.Trace(audience.Member{}).Steps {
		if target := step.Target; target != "reference" && target != "filter" && !named[target] && !may[target] {
			t.Fatalf("a contact is sent without %s", target)
		}
	}
}
