package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

func TestTheMarkerIsGivenAndTakenWithNothingElse(t *testing.T) {
	t.Parallel()
	sync := config.DefaultSync()
	sync.Mode = config.ModeMirror
	sync.Reference = config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164}
	sync.Marker = config.Marker{Property: "zeotap_audience_984", Member: "member", Left: "left"}
	sync.Mapping.Tags = config.ConstantTags("zeotap")
	sync.Mapping.Email = &config.Channel{Origin: config.Origin{From: "email"}}
	mapper, err := mapping.Compile(sync, mapping.Destination{})
	require.NoError(t, err)
	for value, contact := range map[string]audience.Contact{"member": mapper.Mark("+4915112345678"), "left": mapper.Unmark("+4915112345678")} {
		require.Equal(t, audience.Contact{
			Reference: "+4915112345678", Properties: []audience.Property{{Name: "zeotap_audience_984", Value: value}},
		}, contact)
	}
}

func TestAnotherValueForThoseWhoLeftSendsNobodyAgain(t *testing.T) {
	t.Parallel()
	sync := config.DefaultSync()
	sync.Reference = config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164}
	sync.Marker = config.Marker{Property: "zeotap_audience_984", Member: "member"}
	member := audience.Member{"phone": "+4915112345678"}
	prints := map[mapping.Fingerprint]bool{}
	for _, left := range []string{"", "left", "gone"} {
		sync.Marker.Left = left
		mapper, err := mapping.Compile(sync, mapping.Destination{})
		require.NoError(t, err)
		print, err := mapper.Fingerprint([]byte("key"), mapper.Mapped(member))
		require.NoError(t, err)
		prints[print] = true
	}
	require.Len(t, prints, 1)
}
