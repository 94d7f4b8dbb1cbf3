package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

func TestATemplateJoinsFieldsAndCollapsesBlanks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ template, member, want string }{
		{"{a} {b}", `{"a": "Ada", "b": "Byron"}`, "Ada Byron"},
		{"{a} {b}", `{"b": " Byron "}`, "Byron"},
		{"{a} {b} {c}", `{"a": "Ada", "b": null, "c": "Byron"}`, "Ada Byron"},
		{"{a} {b}", `{"a": "", "b": "  "}`, ""},
		{"Dear {a},", `{}`, ""},
		{"Dear {a},", `{"a": "Ada"}`, "Dear Ada,"},
		{"{a}{b}", `{"a": 7, "b": true}`, "7true"},
		{"{{{a}}}", `{"a": "x"}`, "{x}"},
		{"{{a}} {a}", `{"a": "x"}`, "{a} x"},
		{"{ a }-{address.city}", `{"a": "x", "address": {"city": "Köln"}}`, "x-Köln"},
		{"{a}", `{"a": "{b}", "b": "no template"}`, "{b}"},
		{"{a}", `{"a": "two  blanks\nand a line"}`, "two blanks and a line"},
		{"no field", `{}`, "no field"},
	} {
		sync := syncOf(t, `mapping: {first_name: {template: "`+test.template+`"}}`)
		got := mapMember(t, compile(t, sync), withID(t, test.member))
		require.Equal(t, test.want, got.contact.FirstName, "%s of %s", test.template, test.member)
	}
}

// withID is a member of the given fields and the reference 7.
func withID(tb testing.TB, text string) audience.Member {
	tb.Helper()
	m := member(tb, text)
	m["id"] = "7"
	return m
}

func TestTheFirstFieldThatIsNotEmptyCounts(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {first_name: {first_of: [a, b.c, d]}}"))
	for text, want := range map[string]string{
		`{"a": "1", "b": {"c": "2"}, "d": "3"}`:    "1",
		`{"a": " ", "b": {"c": "2"}, "d": "3"}`:    "2",
		`{"a": null, "b": {"c": ""}, "d": 3}`:      "3",
		`{"a": "\u0000", "b": "no object"}`:        "",
		`{"a": "1", "d": ["never looked at"]}`:     "1",
		`{"b": {"c": false}, "d": "not the last"}`: "false",
	} {
		require.Equal(t, want, mapMember(t, mapper, withID(t, text)).contact.FirstName, text)
	}
	require.Equal(t, mapping.Rejection{Reason: audience.FieldNotText, Field: "b.c"},
		reject(t, mapper, withID(t, `{"a": "", "b": {"c": ["2"]}, "d": "3"}`)), "a list is not empty, and no text")
}

func TestARejectionNamesTheFieldThatIsAtFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sync, member string
		want         mapping.Rejection
	}{
		{"mapping: {first_name: {template: '{a} {b}'}}", `{"a": "x", "b": {}}`, mapping.Rejection{Reason: audience.FieldNotText, Field: "b"}},
		{"mapping: {phone: {first_of: [a, b]}}", `{"a": "", "b": "none"}`, mapping.Rejection{Reason: audience.PhoneNotANumber, Field: "b"}},
		{"mapping: {phone: {first_of: [a, b], missing: hold_back}}", `{}`, mapping.Rejection{Reason: audience.PhoneMissing, Field: "a"}},
		{"mapping: {email: {template: '{a}@{b}', missing: hold_back}}", `{"c": "x"}`, mapping.Rejection{Reason: audience.EmailMissing, Field: "a"}},
		{"mapping: {email: {template: '{a}@{b}'}}", `{"a": "ada"}`, mapping.Rejection{Reason: audience.EmailNotAnAddress, Field: "a"}},
		{"mapping: {properties: {p: {type: number, first_of: [a, b]}}}", `{"b": "x"}`, mapping.Rejection{Reason: audience.PropertyNotANumber, Field: "b"}},
		{"reference: {template: '{a}-{b}', normalise: raw}", `{}`, mapping.Rejection{Reason: audience.ReferenceMissing, Field: "a"}},
	} {
		require.Equal(t, test.want, reject(t, compile(t, syncOf(t, test.sync)), withID(t, test.member)), test.sync)
	}
}

func TestAMissingValueIsNotOmittedButHeldBackWhereTheSyncSaysSo(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {email: {from: email, unusable: omit, missing: hold_back}}"))
	require.Equal(t, audience.EmailMissing, reject(t, mapper, withID(t, `{"email": " "}`)).Reason)
	got := mapMember(t, mapper, withID(t, `{"email": "none"}`))
	require.Equal(t, []audience.Withheld{{Target: "email"}}, got.withheld)
}

func TestASyncMayMapNothingButItsMarker(t *testing.T) {
	t.Parallel()
	m := withID(t, `{"phone": "0151 12345678", "email": "ada@example.com", "first_name": "Ada"}`)
	byTag := mapMember(t, compile(t, syncOf(t, "marker: {tag: spring}")), m)
	require.Equal(t, audience.Contact{Reference: "7", Tags: []string{"spring"}, Properties: []audience.Property{}}, byTag.contact)
	byProperty := mapMember(t, compile(t, syncOf(t, "marker: {property: spring, member: member}")), m)
	require.Equal(t, audience.Contact{Reference: "7", Properties: []audience.Property{{Name: "spring", Value: "member"}}}, byProperty.contact)
}
