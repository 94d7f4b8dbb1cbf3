package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// full is a sync that maps every field of the integration guide.
func full() config.Sync {
	return config.Sync{
		Sync:      "spring",
		Reference: config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164, DefaultRegion: "DE"},
		Marker:    config.Marker{Property: "zeotap_audience_984", Member: "member"},
		Mapping: config.Mapping{
			FirstName: nameFrom("first_name"), MiddleName: nameFrom("middle_name"), LastName: nameFrom("last_name"),
			Phone: &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.HoldBack},
			Email: &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.HoldBack},
			Tags:  config.ConstantTags("zeotap", "newsletter"),
			Properties: map[string]config.PropertySource{
				"city":           {Origin: config.Origin{From: "address.city"}, Type: config.PropertyString},
				"loyalty_points": {Origin: config.Origin{From: "points"}, Type: config.PropertyNumber},
				"birthday":       {Origin: config.Origin{From: "birth_date"}, Type: config.PropertyDate},
				"source_system":  {Origin: config.Origin{Value: new("zeotap")}, Type: config.PropertyString},
			},
		},
	}
}

// nameFrom maps a name from a catalogue field.
func nameFrom(field string) *config.Text { return &config.Text{Origin: config.Origin{From: field}} }

// withSync applies a change to a sync.
func withSync(sync config.Sync, change func(*config.Sync)) config.Sync {
	change(&sync)
	return sync
}

// compile prepares a mapping; rendering settings are left out.
func compile(tb testing.TB, sync config.Sync) *mapping.Mapper {
	tb.Helper()
	mapper, err := mapping.Compile(sync, mapping.Destination{Rendering: "rendering"})
	require.NoError(tb, err)
	return mapper
}

// member decodes a member as the sources do: numbers keep their spelling.
func member(tb testing.TB, text string) audience.Member {
	tb.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var decoded audience.Member
	require.NoError(tb, decoder.Decode(&decoded))
	return decoded
}

// mapped is what became of one member.
type mapped struct {
	contact  audience.Contact
	withheld []audience.Withheld
}

// mapMember takes a member the whole way, and expects a contact.
func mapMember(tb testing.TB, mapper *mapping.Mapper, m audience.Member) mapped {
	tb.Helper()
	part := mapper.Mapped(m)
	reference, rejection := mapper.Reference(part)
	require.Nil(tb, rejection)
	contact, withheld, rejection := mapper.Contact(part, reference)
	require.Nil(tb, rejection)
	return mapped{contact, withheld}
}

// reject takes a member the whole way, and expects that it ends on it.
func reject(tb testing.TB, mapper *mapping.Mapper, m audience.Member) mapping.Rejection {
	tb.Helper()
	part := mapper.Mapped(m)
	reference, rejection := mapper.Reference(part)
	if rejection == nil {
		_, _, rejection = mapper.Contact(part, reference)
	}
	require.NotNil(tb, rejection)
	return *rejection
}
