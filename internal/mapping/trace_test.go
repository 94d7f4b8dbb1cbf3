package mapping_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

const traced = `filter: {field: consent, is: true}
reference: {first_of: [mobile, phone], normalise: e164, default_region: DE}
marker: {property: marker, member: member}
mapping:
  first_name: {template: "{first} {second}"}
  phone: {first_of: [mobile, phone]}
  email: {from: email, unusable: omit}
  tags: [zeotap, {list: interests}]
  properties:
    birthday: {type: date, from: birthday, format: DD.MM.YYYY}
    nickname: {type: string, from: nickname, empty: clear}
`

func TestATraceShowsEachStepOfAMember(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, traced, mapping.Destination{Tags: []string{"food"}})
	trace := mapper.Trace(member(t, `{"consent": true, "mobile": "", "phone": "0151 12345678", "first": "Ada", "email": "none",
		"interests": ["food", "chess"], "birthday": "31.01.1990", "street": "never looked at"}`))
	chess := []audience.Withheld{{Target: "tags", Label: "chess"}}
	require.Equal(t, []mapping.Step{
		{Target: "filter", How: "conditions", Inputs: []mapping.Input{{"consent", true}}, Result: true},
		{Target: "reference", How: "first of several fields, e164", Inputs: []mapping.Input{{"mobile", ""}, {"phone", "0151 12345678"}}, Result: "+4915112345678"},
		{Target: "first_name", How: "template", Inputs: []mapping.Input{{"first", "Ada"}, {"second", nil}}, Result: "Ada"},
		{Target: "phone", How: "first of several fields", Inputs: []mapping.Input{{"mobile", ""}, {"phone", "0151 12345678"}}, Result: "+4915112345678"},
		{Target: "email", How: "field", Inputs: []mapping.Input{{"email", "none"}}, Reason: audience.EmailNotAnAddress, Withheld: []audience.Withheld{{Target: "email"}}},
		{Target: "tags", How: "constants and labels of the member", Inputs: []mapping.Input{{"interests", []any{"food", "chess"}}}, Result: []string{"zeotap", "food"}, Withheld: chess},
		{Target: "marker", How: "constant", Result: "member"},
		{Target: "birthday", How: "field, date", Inputs: []mapping.Input{{"birthday", "31.01.1990"}}, Result: "1990-01-31"},
		{Target: "nickname", How: "field, string, cleared", Inputs: []mapping.Input{{"nickname", nil}}},
	}, trace.Steps)
	require.Nil(t, trace.Excluded)
	require.Nil(t, trace.Rejected)
	require.Equal(t, "+4915112345678", trace.Reference)
	require.Equal(t, "Ada", trace.Contact.FirstName)
	require.Equal(t, append([]audience.Withheld{{Target: "email"}}, chess...), trace.Withheld)
}

func TestATraceGoesOnAfterAMistake(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, traced, mapping.Destination{})
	trace := mapper.Trace(member(t, `{"consent": false, "phone": "none", "first": ["Ada"], "interests": {}, "birthday": "1990-01-31"}`))
	reasons := map[string]audience.Reason{}
	for _, step := range trace.Steps {
		if step.Reason != "" {
			reasons[step.Target] = step.Reason
		}
	}
	require.Equal(t, map[string]audience.Reason{
		"filter": audience.ExcludedByFilter, "reference": audience.ReferenceNotANumber, "phone": audience.PhoneNotANumber,
		"first_name": audience.FieldNotText, "tags": audience.FieldNotText, "birthday": audience.PropertyNotADate,
	}, reasons)
	require.Equal(t, &mapping.Rejection{Reason: audience.ExcludedByFilter, Field: "consent"}, trace.Excluded)
	require.Equal(t, &mapping.Rejection{Reason: audience.ReferenceNotANumber, Field: "phone"}, trace.Rejected)
	require.Nil(t, trace.Contact)
}

// What a trace says is what happens.
func TestATraceEndsAsTheMemberDoes(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, traced, mapping.Destination{Tags: []string{"food"}})
	rapid.Check(t, func(t *rapid.T) {
		m := audience.Member{}
		for _, field := range []string{"consent", "mobile", "phone", "first", "second", "email", "interests", "birthday", "nickname"} {
			if value := rapid.OneOf(anyValue(), rapid.SampledFrom([]any{true, "+4915112345678", "ada@example.com", "31.01.1990"})).Draw(t, field); value != nil {
				m[field] = value
			}
		}
		trace := mapper.Trace(m)
		mapped := mapper.Mapped(m)
		reference, rejected := mapper.Reference(mapped)
		var contact audience.Contact
		if rejected == nil {
			contact, _, rejected = mapper.Contact(mapped, reference)
		}
		sent := rejected == nil && mapper.Excluded(mapped) == nil
		if (rejected == nil) != (trace.Rejected == nil) || rejected != nil && *rejected != *trace.Rejected || sent != (trace.Contact != nil) {
			t.Fatalf("%v ends with %v, its trace with %v", m, rejected, trace.Rejected)
		}
		if sent {
			one, _ := json.Marshal(contact)
			two, _ := json.Marshal(trace.Contact)
			if string(one) != string(two) {
				t.Fatalf("%s is traced as %s", one, two)
			}
		}
	})
}
