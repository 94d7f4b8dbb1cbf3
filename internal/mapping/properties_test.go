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
		Reference: config.Reference{From: "id", Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{Properties: map[string]config.PropertySource{"property": {From: "value", Type: kind}}},
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
	sync.Mapping.Properties["since"] = config.PropertySource{Value: new("2026-01-31T10:00:00Z"), Type: config.PropertyDate}
	sync.Mapping.Properties["rank"] = config.PropertySource{Value: new("3"), Type: config.PropertyNumber}
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
		"rank": {Value: new("third"), Type: config.PropertyNumber},
	}}}
	_, err := mapping.Compile(sync, "")
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
				Reference: config.Reference{From: "id", Normalise: config.NormaliseRaw},
				Marker:    test.marker, Mapping: config.Mapping{Tags: test.tags},
			}
			mapper := compile(t, sync)
			require.Equal(t, test.want, mapper.Tags())
			require.Equal(t, test.want, mapMember(t, mapper, audience.Member{"id": "7"}).contact.Tags)
		})
	}
}

func TestThePropertiesThatMayBeSentAreKnownWithTheirTypes(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]config.PropertyType{
		"zeotap_audience_984": config.PropertyString,
		"city":                config.PropertyString,
		"loyalty_points":      config.PropertyNumber,
		"birthday":            config.PropertyDate,
		"source_system":       config.PropertyString,
	}, compile(t, full()).PropertyTypes())
	byTag := config.Sync{Marker: config.Marker{Tag: "zeotap"}}
	require.Empty(t, compile(t, byTag).PropertyTypes())
}
