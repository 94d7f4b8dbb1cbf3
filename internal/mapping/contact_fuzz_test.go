package mapping_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

// everything are syncs that use every feature of the mapping, in both of its
// ways where there are two.
var everything = []string{
	`filter: {all: [{field: consent, is: true}, {any: [{field: value, present: true}, {not: {field: list, in: [a, 7]}}]}]}
reference: {first_of: [phone, value], normalise: e164, default_region: DE}
mapping:
  first_name: {template: "{value} {email}{{}}", max_length: 7}
  middle_name: {first_of: [list, value], too_long: hold_back}
  last_name: {value: Byron}
  phone: {first_of: [phone, value], unusable: omit}
  email: {from: email, unusable: omit, missing: hold_back}
  tags: [zeotap, {from: value, prefix: p-}, {list: list, allow: [a, b, "7"], rename: {a: x}, unknown: stop}, {template: "{value}-{email}"}, {audience: id}]
  properties:
    clear: {type: string, from: value, empty: clear, max_length: 9, too_long: cut}
    number: {type: number, from: value, unusable: omit, empty: clear}
    comma: {type: number, from: value, decimal_comma: true, unusable: omit}
    truth: {type: boolean, from: value, unusable: omit}
    date: {type: date, from: value, unusable: omit}
    epoch: {type: datetime, from: value, format: epoch_seconds, time_zone: Europe/Berlin, unusable: omit}
    pattern: {type: datetime, from: value, format: "D.M.YYYY HH:mm Z", unusable: omit}
    one: {type: select, from: value, rename: {a: b}, unknown: stop, unusable: omit}
    several: {type: multiselect, list: list, separator: "|", unusable: omit, empty: clear}
    numbers: {type: multiselect, list: list, numbers: true, unusable: omit}
`,
	`reference: {template: "{phone}-{value}", normalise: raw}
marker: {property: marker, member: yes it is}
mapping:
  first_name: list.name
  phone: {from: phone, missing: hold_back}
  email: email
  tags: [{list: list}, {first_of: [list.name, value]}]
  properties:
    text: {type: string, from: value, max_length: 9}
    truth: {type: boolean, from: value, true: [a], false: [b], unusable: omit}
    millis: {type: date, from: value, format: epoch_milliseconds, unusable: omit}
    strict: {type: multiselect, list: list, empty: clear, unknown: stop}
    stubborn: {type: string, from: value, empty: clear, max_length: 2, too_long: cut}
    us: {type: datetime, from: value, format: "MM/DD/YYYY hh:mm:ss A", time_zone: America/New_York, unusable: omit}
    one: {type: select, from: value, numbers: true, unusable: omit}
`,
	"reference: {from: phone, normalise: digits, default_region: US, digits_are_international: true}\nmapping: {phone: phone, tags: [{list: list, unknown: stop}]}",
}

// FuzzContact maps whatever a source may give. It never panics; a contact holds
// neither control characters nor broken UTF-8; and a member that was staged
// becomes the contact that its trace shows.
func FuzzContact(f *testing.F) {
	for _, seed := range [][4]string{
		{"+4915112345678", "ada@example.com", "12.50", `{"list": ["a", "b", 7, null]}`},
		{"0151 12345678", "", "2026-01-31", `{"list": "a|b,c", "consent": true}`},
		{"\x00+49 151\x1b 123 456 78\n", "\x7fada@example.com\x00", "\u0085 7 \u0085", `{"list": {"name": "Ada"}}`},
		{"\xff\xfe", "ada\xc3@example.com", "\xe2\x82", `{"list": [["a"]]}`},
		{"d41d8cd98f00b204e9800998ecf8427e", "a@b@c", "1e999", `{"list": [true, 1.50]}`},
		{"tel:+1-800-FLOWERS;ext=5", "\u202eada@example.com", "-0", `{"list": []}`},
		{"＋４９１５１１２３４５６７８", "jörg@exämple.de", "31.1.2026 23:59 +02:00", `{"list.name": "x", "list": "1,5|2"}`},
		{"00", "@", "12/31/1999 11:59:59 pm", `{"list": "\u0000|\ud800"}`},
		{strings.Repeat("9", 300), strings.Repeat("a", 300) + "@example.com", strings.Repeat("1", 300), `{"list": "` + strings.Repeat("a,", 1100) + `"}`},
		{"+1 650-253-0000", "a@b.c", "e\u0301e\u0301e\u0301e\u0301e\u0301", `{"value": false}`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	destinations := []mapping.Destination{{}, {Tags: []string{"x", "b", "12.50"}, Options: map[string][]string{"one": {"b"}, "several": {"a", "b"}, "numbers": {}}}}
	mappers := make([]*mapping.Mapper, 0, len(everything)*len(destinations))
	for _, sync := range everything {
		for _, to := range destinations {
			mappers = append(mappers, compileFor(f, sync, to))
		}
	}
	f.Fuzz(func(t *testing.T, phone, email, value, page string) {
		m := audience.Member{"phone": phone, "email": email, "value": value}
		decoder := json.NewDecoder(strings.NewReader(page))
		decoder.UseNumber()
		if err := decoder.Decode(&m); err != nil {
			m["list"] = page
		}
		for _, mapper := range mappers {
			checkMember(t, mapper, m)
		}
	})
}

func checkMember(t *testing.T, mapper *mapping.Mapper, m audience.Member) {
	t.Helper()
	mapped := mapper.Mapped(m)
	fingerprint(t, mapper, mapped)
	trace := mapper.Trace(m)
	unknown := mapper.Unknown(mapped)
	reference, rejected := mapper.Reference(mapped)
	if rejected != nil {
		return
	}
	contact, withheld, rejected := mapper.Contact(mapped, reference)
	staged := afterStaging(t, mapped)
	again, withheldAgain, rejectedAgain := mapper.Contact(staged, reference)
	if !reflect.DeepEqual(rejected, rejectedAgain) || !reflect.DeepEqual(rejected, trace.Rejected) {
		t.Fatalf("rejected for %v, after staging for %v, in the trace for %v", rejected, rejectedAgain, trace.Rejected)
	}
	if rejected != nil {
		return
	}
	if !reflect.DeepEqual(contact, again) || !reflect.DeepEqual(withheld, withheldAgain) {
		t.Fatalf("%v was staged and became %v", contact, again)
	}
	if trace.Excluded == nil && !reflect.DeepEqual(&contact, trace.Contact) {
		t.Fatalf("%v is traced as %v", contact, trace.Contact)
	}
	for _, w := range unknown {
		if !slices.Contains(withheld, w) {
			t.Fatalf("%v is unknown, and not withheld", w)
		}
	}
	for _, w := range withheld {
		if w.Target == "tags" && slices.Contains(contact.Tags, w.Label) {
			t.Fatalf("%q is withheld and sent", w.Label)
		}
	}
	checkContact(t, contact)
	if len(unknown) == 0 {
		checkLeftOut(t, mapper, contact)
	}
}

// afterStaging is the member as it comes out of a staged batch.
func afterStaging(t *testing.T, mapped audience.Member) audience.Member {
	t.Helper()
	content, err := json.Marshal(mapped)
	if err != nil {
		t.Fatal(err)
	}
	return member(t, string(content))
}

func checkContact(t *testing.T, contact audience.Contact) {
	t.Helper()
	texts := append([]string{contact.Reference, contact.FirstName, contact.MiddleName, contact.LastName, contact.Phone, contact.Email}, contact.Tags...)
	for _, property := range contact.Properties {
		if property.Value == "" {
			t.Fatalf("property %s is overwritten with nothing", property.Name)
		}
		texts = append(texts, textsOf(t, property)...)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || text != strings.TrimSpace(text) {
			t.Fatalf("%q is in the contact", text)
		}
	}
	if contact.Reference == "" || contact.Phone != "" && !strings.HasPrefix(contact.Phone, "+") {
		t.Fatalf("reference %q, phone %q", contact.Reference, contact.Phone)
	}
	if slices.Contains(contact.Tags, "") || len(contact.Tags) > 100 {
		t.Fatalf("tags %q", contact.Tags)
	}
}

// textsOf returns what a property consists of.
func textsOf(t *testing.T, property audience.Property) []string {
	t.Helper()
	texts := []string{property.Name}
	switch value := property.Value.(type) {
	case nil, bool:
	case string:
		texts = append(texts, value)
	case []string:
		texts = append(texts, value...)
	case json.Number:
		texts = append(texts, number(t, value))
	case []json.Number:
		for _, option := range value {
			texts = append(texts, number(t, option))
		}
	default:
		t.Fatalf("property %s is a %T", property.Name, value)
	}
	return texts
}

func number(t *testing.T, value json.Number) string {
	t.Helper()
	if !json.Valid([]byte(value)) {
		t.Fatalf("%q is not a number", value)
	}
	return value.String()
}
