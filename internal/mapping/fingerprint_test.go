package mapping_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

var key = []byte("the key of a ledger")

// fields are what the sync full reads; the others of a member are not mapped.
var fields = []string{"address.city", "birth_date", "email", "first_name", "last_name", "middle_name", "phone", "points"}

// fingerprint takes a member the whole way.
func fingerprint(tb testing.TB, mapper *mapping.Mapper, m audience.Member) mapping.Fingerprint {
	tb.Helper()
	print, err := mapper.Fingerprint(key, mapper.Mapped(m))
	require.NoError(tb, err)
	return print
}

func TestOnlyMappedFieldsAreKept(t *testing.T) {
	t.Parallel()
	m := member(t, `{
		"first_name": "Ada", "phone": "+4915112345678", "email": null, "last_name": "", "points": 7,
		"address": {"city": "Köln", "street": "Domkloster 4"}, "shoe_size": 43, "consent": {"whatsapp": true}, "First_Name": "EVE"
	}`)
	mapper := compile(t, full())
	require.Equal(t, audience.Member{
		"first_name": "Ada", "phone": "+4915112345678", "last_name": "", "points": json.Number("7"), "address.city": "Köln",
	}, mapper.Mapped(m))
	require.Equal(t, mapper.Mapped(m), mapper.Mapped(mapper.Mapped(m)), "what is kept stays")
}

func TestAMemberHasOneFingerprintInJSONAndCSV(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	page := member(t, `{"phone": "+4915112345678", "points": 12.50, "first_name": "Ada", "middle_name": null, "birth_date": "1990-02-28", "last_name": true}`)
	line := audience.Member{
		"phone": "+4915112345678", "points": "12.50", "first_name": "Ada", "middle_name": "", "birth_date": "1990-02-28", "last_name": "true",
		"email": "", "address.city": "", "a_column_more": "x",
	}
	require.Equal(t, fingerprint(t, mapper, page), fingerprint(t, mapper, line))
}

func TestAFingerprintSurvivesStaging(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	m := mapper.Mapped(member(t, `{"phone": "+4915112345678", "points": 12.50, "first_name": {"z": 1, "a": [2, "3"]}, "birth_date": true}`))
	staged, err := json.Marshal(m)
	require.NoError(t, err)
	require.Equal(t, fingerprint(t, mapper, m), fingerprint(t, mapper, member(t, string(staged))))
}

func TestAListIsNotTheTextThatLooksLikeIt(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	for _, text := range []string{`[]`, `["a"]`, `{}`, `{"a":1}`} {
		list := member(t, `{"phone": "+4915112345678", "first_name": `+text+`}`)
		require.NotEqual(t, fingerprint(t, mapper, list), fingerprint(t, mapper, audience.Member{"phone": "+4915112345678", "first_name": text}),
			"one can be sent and the other cannot")
	}
}

func TestAFingerprintChangesWithTheKeyTheRenderingAndTheMapping(t *testing.T) {
	t.Parallel()
	m := member(t, `{"phone": "+4915112345678", "email": "ada@example.com", "first_name": "Ada", "points": 7}`)
	prints := map[mapping.Fingerprint]string{fingerprint(t, compile(t, full()), m): "the mapping as it is"}
	add := func(what string, print mapping.Fingerprint) {
		require.NotContains(t, prints, print, "%s has the fingerprint of %s", what, prints[print])
		prints[print] = what
	}

	mapper := compile(t, full())
	print, err := mapper.Fingerprint([]byte("another key"), mapper.Mapped(m))
	require.NoError(t, err)
	add("another key", print)

	mapper, err = mapping.Compile(full(), mapping.Destination{Rendering: "another rendering"})
	require.NoError(t, err)
	add("another rendering", fingerprint(t, mapper, m))

	for what, change := range map[string]func(*config.Sync){
		"another reference field": func(s *config.Sync) { s.Reference.From = "mobile" },
		"another normalisation":   func(s *config.Sync) { s.Reference.Normalise = config.NormaliseDigits },
		"another default region":  func(s *config.Sync) { s.Reference.DefaultRegion = "AT" },
		"another marker":          func(s *config.Sync) { s.Marker.Property = "marker" },
		"another marker value":    func(s *config.Sync) { s.Marker.Member = "yes" },
		"a tag as marker":         func(s *config.Sync) { s.Marker = config.Marker{Tag: "spring"} },
		"no first name":           func(s *config.Sync) { s.Mapping.FirstName = nil },
		"names the other way": func(s *config.Sync) {
			s.Mapping.FirstName, s.Mapping.LastName = nameFrom("last_name"), nameFrom("first_name")
		},
		"no phone": func(s *config.Sync) { s.Mapping.Phone = nil },
		"no email": func(s *config.Sync) { s.Mapping.Email = nil },
		"unusable email omitted": func(s *config.Sync) {
			s.Mapping.Email = &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.Omit}
		},
		"a list of tags":           func(s *config.Sync) { s.Mapping.Tags[1] = config.TagSource{ListField: config.ListField{List: "tags"}} },
		"names cut shorter":        func(s *config.Sync) { s.Mapping.FirstName.MaxLength = 20 },
		"a missing email":          func(s *config.Sync) { s.Mapping.Email.Missing = config.MissingHoldBack },
		"one tag less":             func(s *config.Sync) { s.Mapping.Tags = s.Mapping.Tags[:1] },
		"one property less":        func(s *config.Sync) { s.Mapping.Properties = without(s.Mapping.Properties, "city") },
		"another type of property": func(s *config.Sync) { s.Mapping.Properties = typed(s.Mapping.Properties, "loyalty_points") },
	} {
		add(what, fingerprint(t, compile(t, withSync(full(), change)), m))
	}

	sync := withSync(full(), func(s *config.Sync) {
		s.Sync, s.Source, s.Destination, s.Mode = "renamed", "other", "other", "other"
		s.Verification.Segment, s.Limits.StagingMegabytes, s.Accept.Invalid = "seg-1", 1, 0.5
	})
	require.Contains(t, prints, fingerprint(t, compile(t, sync), m), "what is not sent does not change what is sent")
}

func TestATagThatIsCreatedLaterSendsAgainWhoCarriesIt(t *testing.T) {
	t.Parallel()
	const sync = "mapping: {tags: [{list: interests}], properties: {size: {type: select, from: size}, sizes: {type: multiselect, list: sizes}}}"
	before := compileFor(t, sync, mapping.Destination{Tags: []string{"travel"}, Options: map[string][]string{"size": {"S"}, "sizes": {"S"}}})
	after := compileFor(t, sync, mapping.Destination{Tags: []string{"chess", "travel"}, Options: map[string][]string{"size": {"S", "M"}, "sizes": {"S", "M"}}})
	for text, again := range map[string]bool{
		`{"interests": ["travel"]}`:                          false,
		`{"interests": ["travel", "chess"]}`:                 true,
		`{"interests": ["chess"]}`:                           true,
		`{"interests": ["food"]}`:                            false,
		`{"interests": [], "size": "S", "sizes": ["S"]}`:     false,
		`{"interests": [], "size": "M"}`:                     true,
		`{"interests": [], "sizes": "S,M"}`:                  true,
		`{"interests": "food", "size": "XL", "sizes": "XL"}`: false,
	} {
		m := withID(t, text)
		require.Equal(t, again, fingerprint(t, before, m) != fingerprint(t, after, m), text)
	}
	known, unknown := compileFor(t, sync, mapping.Destination{Tags: []string{"chess"}}), compileFor(t, sync, mapping.Destination{})
	m := withID(t, `{"interests": ["chess"]}`)
	require.Equal(t, fingerprint(t, known, m), fingerprint(t, unknown, m), "a list of tags that can be read again changes nothing")
}

func TestAFingerprintChangesWithThePartOfTheAudienceThatIsSent(t *testing.T) {
	t.Parallel()
	m := withID(t, `{}`)
	for mapped, again := range map[string]bool{
		"":                                    false,
		"mapping: {tags: [{audience: name}]}": true,
		"mapping: {properties: {p: {type: string, audience: name}}}":                            true,
		"mapping: {tags: [{audience: id}], properties: {}}":                                     false,
		"mapping: {properties: {p: {type: string, value: a}, q: {type: string, audience: id}}}": false,
	} {
		one := compile(t, syncOf(t, "audience: {id: '984', name: Spring}\n"+mapped))
		two := compile(t, syncOf(t, "audience: {id: '984', name: Summer}\n"+mapped))
		require.Equal(t, again, fingerprint(t, one, m) != fingerprint(t, two, m), mapped)
	}
}

func without(properties map[string]config.PropertySource, name string) map[string]config.PropertySource {
	fewer := maps.Clone(properties)
	delete(fewer, name)
	return fewer
}

func typed(properties map[string]config.PropertySource, name string) map[string]config.PropertySource {
	other := maps.Clone(properties)
	source := other[name]
	source.Type = config.PropertyString
	other[name] = source
	return other
}

func TestASpecThatWasPinnedGivesTheSameFingerprints(t *testing.T) {
	t.Parallel()
	pinned, err := json.Marshal(full())
	require.NoError(t, err)
	var again config.Sync
	require.NoError(t, json.Unmarshal(pinned, &again))
	m := audience.Member{"phone": "+4915112345678", "first_name": "Ada"}
	require.Equal(t, fingerprint(t, compile(t, full()), m), fingerprint(t, compile(t, again), m))
}

// anyValue draws a value of a field, in its JSON form.
func anyValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Just[any](""),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.StringMatching(`-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?`), func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.SliceOfN(rapid.String(), 0, 2), func(list []string) any {
			items := make([]any, len(list))
			for i, item := range list {
				items[i] = item
			}
			return items
		}),
	)
}

func anyMember(t *rapid.T) audience.Member {
	m := audience.Member{}
	for _, field := range fields {
		if rapid.IntRange(0, 3).Draw(t, "has "+field) > 0 {
			m[field] = anyValue().Draw(t, field)
		}
	}
	return m
}

// asCSV is the member as a line of a CSV file gives it: every column, texts only.
func asCSV(m audience.Member) (line audience.Member, possible bool) {
	line = audience.Member{}
	for _, field := range fields {
		switch value := m[field].(type) {
		case nil:
			line[field] = ""
		case string:
			line[field] = value
		case json.Number:
			line[field] = value.String()
		case bool:
			line[field] = map[bool]string{true: "true", false: "false"}[value]
		default:
			return nil, false
		}
	}
	return line, true
}

func TestAFingerprintChangesWithEachMappedFieldAndNoOther(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	print := func(t *rapid.T, m audience.Member) mapping.Fingerprint {
		print, err := mapper.Fingerprint(key, mapper.Mapped(m))
		if err != nil {
			t.Fatal(err)
		}
		return print
	}
	rapid.Check(t, func(t *rapid.T) {
		m := anyMember(t)
		before := print(t, m)
		if line, possible := asCSV(m); possible && print(t, line) != before {
			t.Fatalf("another fingerprint as CSV: %v", m)
		}

		more := maps.Clone(m)
		more[rapid.StringMatching(`[a-z]{1,8}x`).Draw(t, "unmapped field")] = anyValue().Draw(t, "unmapped value")
		if print(t, more) != before {
			t.Fatalf("an unmapped field changed the fingerprint: %v", more)
		}

		other := maps.Clone(m)
		field := rapid.SampledFrom(fields).Draw(t, "changed field")
		other[field] = anyValue().Draw(t, "changed value")
		if same := sameValue(m[field], other[field]); same != (print(t, other) == before) {
			t.Fatalf("%s changed from %#v to %#v; same fingerprint: %t", field, m[field], other[field], !same)
		}
	})
}

// sameValue compares two values as they are sent.
func sameValue(a, b any) bool {
	one, isText := asCSV(audience.Member{fields[0]: a})
	two, isTextToo := asCSV(audience.Member{fields[0]: b})
	if isText && isTextToo {
		return one[fields[0]] == two[fields[0]]
	}
	if isText || isTextToo {
		return false
	}
	listA, okA := a.([]any)
	listB, okB := b.([]any)
	return okA && okB && slices.Equal(listA, listB)
}
