package contacts

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// person is a contact in the simplest form that can be: what the store must agree with.
type person struct {
	references []string
	phone      string
	marker     string
	bare       int
	// written is when it was written last.
	written int
}

type model struct {
	people   []*person
	erased   map[string]bool
	returned int64
	writes   int
}

func (m *model) holder(has func(*person) bool) *person {
	if at := slices.IndexFunc(m.people, has); at >= 0 {
		return m.people[at]
	}
	return nil
}

func (m *model) byReference(reference string) *person {
	return m.holder(func(p *person) bool { return slices.Contains(p.references, reference) })
}

func (m *model) upsert(reference, phone, marker string, needsChannels bool) {
	one := m.byReference(reference)
	if one == nil && phone != "" {
		for _, p := range m.people { // Of several, the one that was written last.
			if p.phone == phone && (one == nil || p.written > one.written) {
				one = p
			}
		}
		if one != nil {
			one.references = append(one.references, reference)
			m.returned += count(m.erased[reference])
		}
	}
	if one == nil {
		if needsChannels && phone == "" {
			return
		}
		one = &person{references: []string{reference}}
		m.people = append(m.people, one)
		m.returned += count(m.erased[reference])
	}
	m.writes++
	one.marker, one.written = marker, m.writes
	if phone == "" {
		one.bare++
	} else {
		one.phone = phone
	}
}

func (m *model) erase(reference string) {
	one := m.byReference(reference)
	if one == nil {
		return
	}
	for _, name := range one.references {
		m.erased[name] = true
	}
	m.people = slices.DeleteFunc(m.people, func(p *person) bool { return p == one })
}

func count(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// Whatever is sent, merged and erased in whatever order, the store tells the truth.
func TestTheStoreAgreesWithASimpleModelOfMergesAndErasures(t *testing.T) {
	t.Parallel()
	references := []string{"a", "b", "c", "d"}
	// Two references share a phone number.
	phones := map[string]string{"a": "+491511", "b": "+491511", "c": "+491512", "d": "+491512"}
	rapid.Check(t, func(t *rapid.T) {
		s, _ := newStore(Lag{})
		m := &model{erased: map[string]bool{}}
		policy := Policy{StitchPhone: true, ChannelsToCreate: rapid.Bool().Draw(t, "phone and email are needed")}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			reference := rapid.SampledFrom(references).Draw(t, "reference")
			marker := rapid.SampledFrom([]string{"member", "left"}).Draw(t, "marker")
			switch rapid.SampledFrom([]string{"full", "bare", "erase"}).Draw(t, "step") {
			case "full":
				u := reachable(reference, phones[reference], reference+"@example.com")
				u.Properties = marked(reference, marker).Properties
				s.Apply([]Upsert{u}, policy)
				m.upsert(reference, phones[reference], marker, policy.ChannelsToCreate)
			case "bare":
				s.Apply([]Upsert{marked(reference, marker)}, policy)
				m.upsert(reference, "", marker, policy.ChannelsToCreate)
			case "erase":
				s.Erase(reference)
				m.erase(reference)
			}
			agree(t, s, m, references)
		}
	})
}

func agree(t *rapid.T, s *Store, m *model, references []string) {
	members := int64(0)
	for _, p := range m.people {
		members += count(p.marker == "member")
	}
	stats := s.Stats()
	require.EqualValues(t, len(m.people), stats.Contacts)
	require.Equal(t, m.returned, stats.Returned)
	require.Equal(t, members, s.Count(0))
	require.Len(t, s.Members(0, 0, 10), int(members))
	require.Len(t, s.List(0, 10), len(m.people))
	for i, truth := range s.Truth(references...) {
		require.Equal(t, m.erased[references[i]], truth.Erased)
		want := m.byReference(references[i])
		if want == nil {
			require.Empty(t, truth.Contacts)
			continue
		}
		require.Len(t, truth.Contacts, 1)
		held := truth.Contacts[0]
		names := make([]string, 0, len(held.Keys))
		for _, key := range held.Keys {
			names = append(names, key.Reference)
		}
		require.Equal(t, want.references, names)
		require.Equal(t, want.bare, held.UpsertsWithoutChannels)
		require.Equal(t, want.marker == "member", slices.Contains(held.Segments, "equals"))
		require.Equal(t, want.phone, first(held.Phones))
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
