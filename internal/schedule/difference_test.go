package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
)

func TestKeysInWhichSyncsDifferAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := func(change func(*config.Sync)) config.Sync {
		spec := spec("demo")
		spec.Mapping.Properties = map[string]config.PropertySource{"city": {}, "tier": {}}
		if change != nil {
			change(&spec)
		}
		return spec
	}
	w := schedule.Wanted{Spec: base(nil), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")}
	found := s.create(t, w)
	for name, c := range map[string]struct {
		change func(*config.Sync)
		want   []schedule.Difference
	}{
		"nothing": {nil, nil},
		"a value": {
			func(s *config.Sync) { s.Gate.KeepFor = config.Duration(time.Hour) },
			[]schedule.Difference{{Key: "gate.keep_for", From: "6h", To: "1h"}},
		},
		"a new section": {func(s *config.Sync) {
			s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.Omit}
		}, []schedule.Difference{{Key: "mapping.phone"}}},
		"a property less": {func(s *config.Sync) { delete(s.Mapping.Properties, "tier") }, []schedule.Difference{{Key: "mapping.properties.tier"}}},
		"a list":          {func(s *config.Sync) { s.Mapping.Tags = []config.TagSource{{}, {}} }, []schedule.Difference{{Key: "mapping.tags"}}},
		"some": {
			func(s *config.Sync) { s.Mode, s.Audience.Name = config.ModeMirror, "Spring" },
			[]schedule.Difference{{Key: "audience.name", To: "Spring"}, {Key: "mode", From: "add", To: "mirror"}},
		},
		"a long value": {
			func(s *config.Sync) { s.Audience.Name = "A name that is so long that nobody would want it on a line" },
			[]schedule.Difference{{Key: "audience.name"}},
		},
		"when it runs": {func(s *config.Sync) { s.Schedule = &config.Schedule{} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, differences(t, found, schedule.Wanted{Spec: base(c.change), Kind: schedule.Runs, Cadence: w.Cadence}))
		})
	}
}

func TestTheSameSyncHasTheSameDigest(t *testing.T) {
	t.Parallel()
	one, other := spec("demo"), spec("demo")
	other.Schedule = &config.Schedule{}
	require.Equal(t, schedule.Digest(one), schedule.Digest(other))
	require.Len(t, schedule.Digest(one), 12)
	other.Mode = config.ModeMirror
	require.NotEqual(t, schedule.Digest(one), schedule.Digest(other))
}
