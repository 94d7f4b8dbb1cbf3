package mapping_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// oneProperty is a sync that maps the field "value" to a property.
func oneProperty(kind config.PropertyType) config.Sync {
	return config.Sync{
		Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{Properties: map[string]config.PropertySource{"property": {Origin: config.Origin{From: "value"}, Type: kind}}},
	}
}

func TestPropertiesAreConvertedFromJSONAndCSV(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind config.PropertyType
		text string
		want any
	}{
		{config.PropertyNumber, `7`, json.Number("7")},
		{config.PropertyNumber, `"7"`, json.Number("7")},
		{config.PropertyNumber, `" 7 "`, json.Number("7")},
		{config.PropertyNumber, `-12.50`, json.Number("-12.50")},
		{config.PropertyNumber, `"-12.50"`, json.Number("-12.50")},
		{config.PropertyNumber, `0`, json.Number("0")},
		{config.PropertyNumber, `1.5e3`, json.Number("1.5e3")},
		{config.PropertyNumber, `"1E-7"`, json.Number("1E-7")},
		{config.PropertyNumber, `12345678901234567890`, json.Number("12345678901234567890")},

		{config.PropertyDate, `"2026-01-31"`, "2026-01-31"},
		{config.PropertyDate, `"2024-02-29"`, "2024-02-29"},
		{config.PropertyDate, `" 2026-01-31 "`, "2026-01-31"},
		{config.PropertyDate, `"2026-01-31T23:30:00Z"`, "2026-01-31"},
		{config.PropertyDate, `"2026-01-31T23:30:00.123+05:00"`, "2026-01-31"},
		{config.PropertyDate, `"2026-01-31T23:30:00"`, "2026-01-31"},
		{config.PropertyDate, `"2026-01-31 23:30:00"`, "2026-01-31"},

		{config.PropertyString, `"Köln"`, "Köln"},
		{config.PropertyString, `7.50`, "7.50"},
		{config.PropertyString, `true`, "true"},
		{config.PropertyString, `"0049"`, "0049"},
	} {
		got := mapMember(t, compile(t, oneProperty(test.kind)), member(t, `{"id": "7", "value": `+test.text+`}`))
		require.Equal(t, []audience.Property{{Name: "property", Value: test.want}}, got.contact.Properties, test.text)
		_, err := json.Marshal(got.contact.Properties[0].Value)
		require.NoError(t, err, test.text)
	}
}

func TestAPropertyOfAnotherTypeIsInvalid(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"seven", "1,5", "1.000,50", "1 000", "007", "+7", ".5", "5.", "0x10", "NaN", "Infinity", "7€", "--7", "1e", "true", "١٢",
	} {
		require.Equal(t, mapping.Rejection{Reason: audience.PropertyNotANumber, Field: "value"},
			reject(t, compile(t, oneProperty(config.PropertyNumber)), audience.Member{"id": "7", "value": value}), value)
	}
	for _, value := range []any{
		"31.01.2026", "01/31/2026", "2026-1-31", "2026-02-30", "2025-02-29", "0000-00-00", "20260131", "soon", "2026-01", "2026-01-31T25:00:00Z",
		json.Number("1769817600000"), true,
	} {
		require.Equal(t, mapping.Rejection{Reason: audience.PropertyNotADate, Field: "value"},
			reject(t, compile(t, oneProperty(config.PropertyDate)), audience.Member{"id": "7", "value": value}), value)
	}
}

func TestConstantsAndTheMarkerComeFirstAndAreTyped(t *testing.T) {
	t.Parallel()
	sync := oneProperty(config.PropertyString)
	sync.Marker = config.Marker{Property: "marker", Member: "yes"}
	sync.Mapping.Properties["since"] = config.PropertySource{Origin: config.Origin{Value: new("2026-01-31T10:00:00Z")}, Type: config.PropertyDate}
	sync.Mapping.Properties["rank"] = config.PropertySource{Origin: config.Origin{Value: new("3")}, Type: config.PropertyNumber}
	mapper := compile(t, sync)
	first := mapMember(t, mapper, audience.Member{"id": "7", "value": "x"})
	require.Equal(t, []audience.Property{
		{Name: "marker", Value: "yes"},
		{Name: "rank", Value: json.Number("3")},
		{Name: "since", Value: "2026-01-31"},
		{Name: "property", Value: "x"},
	}, first.contact.Properties)

	second := mapMember(t, mapper, audience.Member{"id": "8", "value": "y"})
	require.Equal(t, "x", first.contact.Properties[3].Value, "contacts do not share their properties")
	require.Equal(t, "y", second.contact.Properties[3].Value)
}

func TestAConstantOfAnotherTypeIsRefusedWhenCompiling(t *testing.T) {
	t.Parallel()
	sync := config.Sync{Mapping: config.Mapping{Properties: map[string]config.PropertySource{
		"rank": {Origin: config.Origin{Value: new("third")}, Type: config.PropertyNumber},
	}}}
	_, err := mapping.Compile(sync, mapping.Destination{})
	require.EqualError(t, err,
		"mapping.properties.rank: the constant value: a custom property of type number has a value that is not a number")
}

func TestEveryContactCarriesEachTagOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tags   []string
		marker config.Marker
		want   []string
	}{
		"no tag":                           {nil, config.Marker{}, nil},
		"tags of the mapping":              {[]string{"b", "a"}, config.Marker{}, []string{"b", "a"}},
		"the marker":                       {nil, config.Marker{Tag: "zeotap"}, []string{"zeotap"}},
		"tags and the marker":              {[]string{"a"}, config.Marker{Tag: "zeotap"}, []string{"a", "zeotap"}},
		"the marker is among the tags":     {[]string{"zeotap", "a"}, config.Marker{Tag: "zeotap"}, []string{"zeotap", "a"}},
		"a tag twice":                      {[]string{"a", "a"}, config.Marker{}, []string{"a"}},
		"case makes another tag":           {[]string{"a", "A"}, config.Marker{}, []string{"a", "A"}},
		"a property as marker adds no tag": {[]string{"a"}, config.Marker{Property: "p", Member: "m"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sync := config.Sync{
				Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
				Marker:    test.marker, Mapping: config.Mapping{Tags: config.ConstantTags(test.tags...)},
			}
			mapper := compile(t, sync)
			require.Equal(t, test.want, mapper.Needs().Tags)
			require.Equal(t, test.want, mapMember(t, mapper, audience.Member{"id": "7"}).contact.Tags)
		})
	}
}

func TestBooleansAreReadFromTheirTexts(t *testing.T) {
	t.Parallel()
	usual := compile(t, oneProperty(config.PropertyBoolean))
	german := compile(t, syncOf(t, "marker: {property: p, member: m}\nmapping: {properties: {property: {type: boolean, from: value, true: [Ja, X], false: [nein]}}}"))
	for _, test := range []struct {
		mapper *mapping.Mapper
		value  any
		want   any
	}{
		{usual, true, true},
		{usual, false, false},
		{usual, json.Number("1"), true},
		{usual, "0", false},
		{usual, "YES", true},
		{usual, " no ", false},
		{usual, "True", true},
		{german, "ja", true},
		{german, "x", true},
		{german, "NEIN", false},
	} {
		properties := mapMember(t, test.mapper, audience.Member{"id": "7", "value": test.value}).contact.Properties
		require.Equal(t, test.want, properties[len(properties)-1].Value, "%v", test.value)
	}
	for _, value := range []any{"ja", "y", json.Number("2"), json.Number("1.0"), "truee"} {
		require.Equal(t, mapping.Rejection{Reason: audience.PropertyNotABoolean, Field: "value"}, reject(t, usual, audience.Member{"id": "7", "value": value}))
	}
	require.Equal(t, audience.PropertyNotABoolean, reject(t, german, audience.Member{"id": "7", "value": true}).Reason, "lists of the sync take the place of the usual ones")
}

// propertyOf maps the field "value" with these settings and returns what is sent.
func propertyOf(t *testing.T, settings string, to mapping.Destination, value any) (sent any, named bool, withheld []audience.Withheld) {
	t.Helper()
	mapper := compileFor(t, "mapping: {properties: {property: {"+settings+"}}}", to)
	got := mapMember(t, mapper, audience.Member{"id": "7", "value": value})
	if len(got.contact.Properties) == 0 {
		return nil, false, got.withheld
	}
	return got.contact.Properties[0].Value, true, got.withheld
}

func TestPropertiesAreSentInTheFormOfTheirType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		settings string
		value    any
		want     any
	}{
		{"type: number, from: value, decimal_comma: true", "1234,5", json.Number("1234.5")},
		{"type: number, from: value, decimal_comma: true", json.Number("-7"), json.Number("-7")},
		{"type: date, from: value, format: epoch_seconds", json.Number("0"), "1970-01-01"},
		{"type: date, from: value, format: epoch_seconds", "1769817600.0", "2026-01-31"},
		{"type: date, from: value, format: epoch_milliseconds", "-1", "1969-12-31"},
		{"type: date, from: value, format: epoch_seconds, time_zone: Asia/Tokyo", "1769788800", "2026-01-31"},
		{"type: date, from: value, format: YYYYMMDD", json.Number("20260131"), "2026-01-31"},
		{"type: date, from: value, format: D.M.YYYY", "1.2.2026", "2026-02-01"},
		{"type: date, from: value", "2026-01-31T23:30:00-08:00", "2026-01-31"},
		{"type: datetime, from: value", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00+00:00"},
		{"type: datetime, from: value", "2026-01-31T10:00:00.5+02:00", "2026-01-31T10:00:00.5+02:00"},
		{"type: datetime, from: value", "2026-01-31T10:00:00+0200", "2026-01-31T10:00:00+02:00"},
		{"type: datetime, from: value", "2026-01-31 10:00", "2026-01-31T10:00:00+00:00"},
		{"type: datetime, from: value, time_zone: Europe/Berlin", "2026-01-31", "2026-01-31T00:00:00+01:00"},
		{"type: datetime, from: value, time_zone: Europe/Berlin", "2026-07-31T10:00:00", "2026-07-31T10:00:00+02:00"},
		{"type: datetime, from: value, time_zone: Europe/Berlin", "2026-07-31T10:00:00Z", "2026-07-31T10:00:00+00:00"},
		{"type: datetime, from: value, format: epoch_milliseconds", json.Number("1769853600123"), "2026-01-31T10:00:00.123+00:00"},
		{"type: datetime, from: value, format: epoch_seconds, time_zone: Europe/Berlin", "1769853600", "2026-01-31T11:00:00+01:00"},
		{"type: datetime, from: value, format: 'DD/MM/YYYY hh:mm:ss A Z'", "31/01/2026 12:05:09 AM +01:00", "2026-01-31T00:05:09+01:00"},
		{"type: string, from: value, max_length: 3, too_long: cut", "Köln am Rhein", "Köl"},
		{"type: select, from: value", json.Number("7"), "7"},
		{"type: select, from: value, numbers: true", "7", json.Number("7")},
		{"type: select, from: value, prefix: p-, rename: {a: b}", "a", "p-b"},
		{"type: multiselect, from: value", "a, b", []string{"a, b"}},
		{"type: multiselect, list: value", "a, b", []string{"a", "b"}},
		{"type: multiselect, list: value, numbers: true", []any{json.Number("2"), "1"}, []json.Number{"2", "1"}},
		{"type: string, from: value, empty: clear", " ", nil},
		{"type: number, from: value, empty: clear", nil, nil},
		{"type: multiselect, list: value, empty: clear", []any{}, nil},
		{"type: select, from: value, empty: clear", "", nil},
		{"type: boolean, value: 'no'", nil, false},
		{"type: multiselect, value: a", nil, []string{"a"}},
		{"type: select, value: '7', numbers: true", nil, json.Number("7")},
		{"type: datetime, value: '2026-01-31', time_zone: Europe/Berlin", nil, "2026-01-31T00:00:00+01:00"},
		{"type: string, audience: id", nil, "984"},
		{"type: number, audience: id", nil, json.Number("984")},
	} {
		sent, named, withheld := propertyOf(t, test.settings, mapping.Destination{}, test.value)
		require.True(t, named, test.settings)
		require.Equal(t, test.want, sent, "%s of %v", test.settings, test.value)
		require.Empty(t, withheld)
	}
}

func TestAValueThatCannotBeConvertedIsInvalidOrOmitted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		settings string
		value    any
		reason   audience.Reason
	}{
		{"type: number, from: value, decimal_comma: true", json.Number("12.5"), audience.PropertyNotANumber},
		{"type: number, from: value, decimal_comma: true", "1,2,3", audience.PropertyNotANumber},
		{"type: date, from: value, format: epoch_seconds", "1769817600000", audience.PropertyNotADate},
		{"type: date, from: value, format: epoch_seconds", "1e999", audience.PropertyNotADate},
		{"type: date, from: value, format: epoch_milliseconds", "2026-01-31", audience.PropertyNotADate},
		{"type: date, from: value, format: DD.MM.YYYY", "1.2.2026", audience.PropertyNotADate},
		{"type: date, from: value, format: DD.MM.YYYY", "31.02.2026", audience.PropertyNotADate},
		{"type: date, from: value, format: DD.MM.YYYY", "01.02.0000", audience.PropertyNotADate},
		{"type: datetime, from: value", "10:00", audience.PropertyNotADateTime},
		{"type: datetime, from: value", "2026-01-31T10", audience.PropertyNotADateTime},
		{"type: datetime, from: value", "tomorrow at noon", audience.PropertyNotADateTime},
		{"type: datetime, from: value, format: 'YYYY-MM-DD hh:mm A'", "2026-01-31 13:00 PM", audience.PropertyNotADateTime},
		{"type: select, from: value, numbers: true", "seven", audience.PropertyNotANumber},
		{"type: multiselect, list: value, numbers: true", "1,x", audience.PropertyNotANumber},
		{"type: multiselect, list: value", map[string]any{"a": "b"}, audience.FieldNotText},
		{"type: string, from: value", []any{"a"}, audience.FieldNotText},
	} {
		mapper := compileFor(t, "mapping: {properties: {property: {"+test.settings+"}}}", mapping.Destination{})
		require.Equal(t, mapping.Rejection{Reason: test.reason, Field: "value"}, reject(t, mapper, audience.Member{"id": "7", "value": test.value}), "%s of %v", test.settings, test.value)

		_, named, withheld := propertyOf(t, test.settings+", unusable: omit", mapping.Destination{}, test.value)
		require.False(t, named, test.settings)
		require.Equal(t, []audience.Withheld{{Target: "property"}}, withheld)
	}
}

func TestATextThatIsTooLongIsInvalidEvenWhereOthersAreOmitted(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{"", ", unusable: omit"} {
		mapper := compileFor(t, "mapping: {properties: {property: {type: string, from: value, max_length: 3"+settings+"}}}", mapping.Destination{})
		require.Equal(t, "жжж", mapMember(t, mapper, audience.Member{"id": "7", "value": "жжж"}).contact.Properties[0].Value)
		require.Equal(t, mapping.Rejection{Reason: audience.PropertyTooLong, Field: "value"}, reject(t, mapper, audience.Member{"id": "7", "value": "жжжж"}))
	}
}

func TestWithheldOptionsLeaveThePropertyAsItIs(t *testing.T) {
	t.Parallel()
	known := mapping.Destination{Options: map[string][]string{"property": {"S", "M"}}}
	for _, settings := range []string{"type: select, from: value, empty: clear", "type: multiselect, list: value, empty: clear"} {
		_, named, withheld := propertyOf(t, settings, known, "XL")
		require.False(t, named, "what is withheld is not empty")
		require.Equal(t, []audience.Withheld{{Target: "property", Label: "XL"}}, withheld)
	}
	sent, _, withheld := propertyOf(t, "type: multiselect, list: value", known, "M,XL,S")
	require.Equal(t, []string{"M", "S"}, sent)
	require.Equal(t, []audience.Withheld{{Target: "property", Label: "XL"}}, withheld)
	sent, _, _ = propertyOf(t, "type: select, from: value", mapping.Destination{Options: map[string][]string{"other": {"S"}}}, "XL")
	require.Equal(t, "XL", sent, "options that are not known are not missing")
	_, named, _ := propertyOf(t, "type: select, from: value", mapping.Destination{Options: map[string][]string{"property": {}}}, "XL")
	require.False(t, named, "a property without options has none")
}
