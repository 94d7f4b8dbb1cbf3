package mapping_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

const who = "+4915112345678"

func fieldDigests(tb testing.TB, mapper *mapping.Mapper, m audience.Member) []byte {
	tb.Helper()
	digests, err := mapper.FieldDigests(key, who, mapper.Mapped(m))
	require.NoError(tb, err)
	return digests
}

func TestDigestsOfFieldsNameTheFieldThatChangedAndNoOther(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	rapid.Check(t, func(t *rapid.T) {
		m := anyMember(t)
		accepted, err := mapper.FieldDigests(key, who, mapper.Mapped(m))
		require.NoError(t, err)
		other := maps.Clone(m)
		other["shoe_size"] = anyValue().Draw(t, "a field that is not mapped")
		field := rapid.SampledFrom(fields).Draw(t, "changed field")
		other[field] = anyValue().Draw(t, "changed value")
		want := []string{field}
		if sameValue(m[field], other[field]) {
			want = nil
		}
		names, sameMapping, err := mapper.ChangedFields(key, who, mapper.Mapped(other), accepted)
		require.NoError(t, err)
		require.True(t, sameMapping)
		require.Equal(t, want, names)
	})
}

func TestDigestsOfFieldsAreCompact(t *testing.T) {
	t.Parallel()
	require.Len(t, fieldDigests(t, compile(t, full()), audience.Member{}), 4+3*len(fields), "a million members have these")
}

func TestTheSameValueHasAnotherDigestElsewhere(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	m := mapper.Mapped(audience.Member{"first_name": "Ada", "last_name": "Ada"})
	digests := fieldDigests(t, mapper, m)
	first, last := digests[4+3*3:4+3*4], digests[4+3*4:4+3*5]
	require.NotEqual(t, first, last, "in another field")
	other, err := mapper.FieldDigests(key, "+4915112345679", m)
	require.NoError(t, err)
	require.NotEqual(t, first, other[4+3*3:4+3*4], "under another reference")
	other, err = mapper.FieldDigests([]byte("another key"), who, m)
	require.NoError(t, err)
	require.NotEqual(t, first, other[4+3*3:4+3*4], "under another key")
}

func TestDigestsOfAnotherMappingSaySo(t *testing.T) {
	t.Parallel()
	m := audience.Member{"phone": who, "first_name": "Ada", "last_name": "Lovelace"}
	accepted := fieldDigests(t, compile(t, full()), m)
	rendered, err := mapping.Compile(full(), mapping.Destination{Rendering: "another rendering"})
	require.NoError(t, err)
	for what, mapper := range map[string]*mapping.Mapper{
		"another rendering": rendered,
		"names the other way": compile(t, withSync(full(), func(s *config.Sync) {
			s.Mapping.FirstName, s.Mapping.LastName = nameFrom("last_name"), nameFrom("first_name")
		})),
		"a field less": compile(t, withSync(full(), func(s *config.Sync) { s.Mapping.MiddleName = nil })),
	} {
		names, sameMapping, err := mapper.ChangedFields(key, who, mapper.Mapped(m), accepted)
		require.NoError(t, err, what)
		require.False(t, sameMapping, what)
		require.Empty(t, names, what)
	}
	_, sameMapping, err := compile(t, full()).ChangedFields(key, who, m, accepted[:len(accepted)-3])
	require.NoError(t, err)
	require.False(t, sameMapping, "they are cut")
}

func TestWithoutDigestsAllFieldsOfAContactAreNamed(t *testing.T) {
	t.Parallel()
	sync := withSync(full(), func(s *config.Sync) {
		s.Filter = &config.Condition{Field: "consent", Present: new(true)}
	})
	mapper := compile(t, sync)
	names, _, err := mapper.ChangedFields(key, who, mapper.Mapped(member(t, `{"phone": "`+who+`", "points": 7, "first_name": "", "consent": true}`)), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"phone", "points"}, names, "the filter's fields are not sent")
}

func TestDigestsOfFieldsSurviveStaging(t *testing.T) {
	t.Parallel()
	mapper := compile(t, full())
	m := mapper.Mapped(member(t, `{"phone": "+4915112345678", "points": 12.50, "first_name": {"z": 1, "a": [2, "3"]}, "birth_date": true}`))
	staged, err := json.Marshal(m)
	require.NoError(t, err)
	require.Equal(t, fieldDigests(t, mapper, m), fieldDigests(t, mapper, member(t, string(staged))))
}

func BenchmarkFieldDigests(b *testing.B) {
	mapper := compile(b, full())
	m := mapper.Mapped(member(b, `{"phone": "+4915112345678", "points": 12.50, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}`))
	for b.Loop() {
		_, _ = mapper.FieldDigests(key, who, m)
	}
}
