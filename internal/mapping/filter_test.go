package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

// excludedBy returns the field for which the filter keeps a member out, or nothing.
func excludedBy(t *testing.T, filter, m string) string {
	t.Helper()
	mapper := compile(t, syncOf(t, "filter: "+filter))
	rejected := mapper.Excluded(mapper.Mapped(withID(t, m)))
	if rejected == nil {
		return ""
	}
	require.Equal(t, audience.ExcludedByFilter, rejected.Reason)
	return rejected.Field
}

func TestAConditionLooksAtTheTextOfAField(t *testing.T) {
	t.Parallel()
	const missing, empty = `{}`, `{"f": ""}`
	for filter, values := range map[string]struct{ in, out []string }{
		"{field: f, is: x}":            {[]string{`{"f": "x"}`, `{"f": " x\n"}`}, []string{`{"f": "X"}`, `{"f": "x x"}`, missing, empty, `{"f": ["x"]}`, `{"f": {"x": "x"}}`}},
		"{field: f, is: true}":         {[]string{`{"f": true}`, `{"f": "true"}`}, []string{`{"f": false}`, `{"f": "yes"}`, `{"f": 1}`, missing}},
		"{field: f, is: 7}":            {[]string{`{"f": 7}`, `{"f": "7"}`}, []string{`{"f": 7.0}`, `{"f": "07"}`, missing}},
		"{field: f, is: 7.50}":         {[]string{`{"f": 7.50}`, `{"f": "7.50"}`}, []string{`{"f": 7.5}`}},
		"{field: f, is_not: x}":        {[]string{`{"f": "y"}`, missing, empty, `{"f": ["x"]}`}, []string{`{"f": "x"}`, `{"f": " x "}`}},
		"{field: f, in: [x, 7, true]}": {[]string{`{"f": "x"}`, `{"f": 7}`, `{"f": true}`}, []string{`{"f": "y"}`, missing, empty, `{"f": ["x"]}`}},
		"{field: f, present: true}":    {[]string{`{"f": "x"}`, `{"f": false}`, `{"f": 0}`, `{"f": ["x"]}`, `{"f": {"x": null}}`}, []string{missing, empty, `{"f": null}`, `{"f": " "}`, `{"f": []}`, `{"f": {}}`}},
		"{field: f, present: false}":   {[]string{missing, empty, `{"f": null}`, `{"f": []}`}, []string{`{"f": "x"}`, `{"f": ["x"]}`}},
	} {
		for _, m := range values.in {
			require.Empty(t, excludedBy(t, filter, m), "%s of %s", filter, m)
		}
		for _, m := range values.out {
			require.Equal(t, "f", excludedBy(t, filter, m), "%s of %s", filter, m)
		}
	}
}

func TestConditionsAreCombined(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ filter, member, field string }{
		{"{all: [{field: a, is: x}, {field: b, is: x}]}", `{"a": "x", "b": "x"}`, ""},
		{"{all: [{field: a, is: x}, {field: b, is: x}]}", `{"a": "x", "b": "y"}`, "b"},
		{"{all: [{field: a, is: x}, {field: b, is: x}]}", `{"a": "y", "b": "y"}`, "a"},
		{"{any: [{field: a, is: x}, {field: b, is: x}]}", `{"a": "y", "b": "x"}`, ""},
		{"{any: [{field: a, is: x}, {field: b, is: x}]}", `{"a": "y", "b": "y"}`, "a"},
		{"{not: {field: a, is: x}}", `{"a": "x"}`, "a"},
		{"{not: {field: a, is: x}}", `{}`, ""},
		{"{not: {any: [{field: a, is: x}, {field: b, is: x}]}}", `{"b": "x"}`, "b"},
		{"{not: {all: [{field: a, is: x}, {field: b, is: x}]}}", `{"a": "x", "b": "x"}`, "b"},
		{"{not: {all: [{field: a, is: x}, {field: b, is: x}]}}", `{"a": "x"}`, ""},
		{"{any: [{all: [{field: a, is: x}, {field: b, is: x}]}, {not: {field: c.d, present: true}}]}", `{"a": "x", "c": {"d": 1}}`, "b"},
	} {
		require.Equal(t, test.field, excludedBy(t, test.filter, test.member), "%s of %s", test.filter, test.member)
	}
}

func TestWithoutAFilterNobodyIsExcluded(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, ""))
	require.Nil(t, mapper.Excluded(mapper.Mapped(audience.Member{})))
}

func TestFieldsOfTheFilterAreStagedButNoChangeOfTheContact(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "filter: {all: [{field: consent.whatsapp, is: true}, {field: id, present: true}]}\nmapping: {first_name: first_name}"))
	before := withID(t, `{"first_name": "Ada", "consent": {"whatsapp": true, "email": false}}`)
	require.Equal(t, audience.Member{"id": "7", "first_name": "Ada", "consent.whatsapp": true}, mapper.Mapped(before))
	after := withID(t, `{"first_name": "Ada", "consent": {"whatsapp": "true"}}`)
	require.Equal(t, fingerprint(t, mapper, before), fingerprint(t, mapper, after))
	other := compile(t, syncOf(t, "mapping: {first_name: first_name}"))
	require.Equal(t, fingerprint(t, other, before), fingerprint(t, mapper, before), "another filter sends nobody again who passes both")
	require.Equal(t, mapping.Rejection{Reason: audience.ExcludedByFilter, Field: "consent.whatsapp"}, *mapper.Excluded(mapper.Mapped(withID(t, `{}`))))
}
