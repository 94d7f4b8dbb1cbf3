package contacts

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func set[T any](v T) Field[T] { return Field[T]{Set: true, Value: v} }

func null[T any]() Field[T] { return Field[T]{Set: true, Null: true} }

func marked(reference, value string) Upsert {
	return Upsert{
		SourceType: "zeotap", Reference: reference,
		Properties: set([]Property{{"zeotap_audience_984", json.RawMessage(`"` + value + `"`)}}),
	}
}

var segments = []Segment{
	{ID: "equals", All: []Condition{{Property: "zeotap_audience_984", Equals: "member"}}},
	{ID: "contains", All: []Condition{{Property: "audiences", Contains: "|984|"}}},
	{ID: "tag", All: []Condition{{Tag: "zeotap"}}},
	{ID: "both", All: []Condition{{Tag: "zeotap"}, {Property: "zeotap_audience_984", Equals: "member"}}},
}

func newStore(lag Lag) (*Store, *time.Time) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	return New(segments, lag, func() time.Time { return now }), &now
}

func TestAnUpsertKeepsWhatItOmitsAndClearsWhatIsNull(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	s.Apply([]Upsert{{
		SourceType: "zeotap", Reference: "+491", FirstName: set("Jürgen"), LastName: set("Weiß"),
		Phones: set([]string{"+491"}), Emails: set([]string{"a@example.com"}), Tags: set([]string{"vip"}),
		Properties: set([]Property{{"city", json.RawMessage(`"Köln"`)}, {"points", json.RawMessage(`1.5`)}}),
	}}, Policy{})
	effects, applied := s.Apply([]Upsert{{
		SourceType: "zeotap", Reference: "+491", LastName: null[string](), Tags: set([]string{"zeotap"}),
		Properties: set([]Property{{"city", json.RawMessage(`null`)}, {"points", json.RawMessage(`2`)}}),
	}}, Policy{})
	require.True(t, applied)
	require.False(t, effects[0].Created)

	c, found := s.Contact("+491")
	require.True(t, found)
	require.Equal(t, Contact{
		ID: c.ID, SourceType: "zeotap", Reference: "+491", FirstName: "Jürgen",
		Phones: []string{"+491"}, Emails: []string{"a@example.com"}, Tags: []string{"vip", "zeotap"},
		Properties: map[string]json.RawMessage{"points": json.RawMessage("2")},
		Keys:       []Key{{"zeotap", "+491"}}, Segments: []string{"tag"}, Upserts: 2, UpsertsWithoutChannels: 1,
	}, c)
}

func TestAnUpsertCanClearWhatItOmits(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	s.Apply([]Upsert{{SourceType: "zeotap", Reference: "1", FirstName: set("Anna"), Tags: set([]string{"zeotap"})}}, Policy{})
	s.Apply([]Upsert{{SourceType: "zeotap", Reference: "1", LastName: set("Lang")}}, Policy{ClearOmitted: true})
	c, _ := s.Contact("1")
	require.Empty(t, c.FirstName)
	require.Empty(t, c.Tags)
	require.Equal(t, "Lang", c.LastName)
	require.Zero(t, s.Count(2))
}

func TestARepeatedUpsertIsCounted(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	for range 3 {
		s.Apply([]Upsert{marked("1", "member"), marked("2", "member")}, Policy{})
	}
	s.Apply([]Upsert{marked("2", "left")}, Policy{})
	require.Equal(t, Stats{Contacts: 2, Upserts: 7, Created: 2, Repeated: 4, Again: 2}, s.Stats())
}

func TestTheSameReferenceOfTwoSourcesIsTwoContacts(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	other := marked("1", "member")
	other.SourceType = "crm"
	s.Apply([]Upsert{marked("1", "member"), other}, Policy{})
	require.EqualValues(t, 2, s.Stats().Contacts)
}

func TestContactsWhoseHashesCollideStayApart(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	s.hash = func([]byte) uint64 { return 42 }
	for i := range 100 {
		s.Apply([]Upsert{marked(fmt.Sprint(i), "member")}, Policy{})
	}
	for i := range 100 {
		c, found := s.Contact(fmt.Sprint(i))
		require.True(t, found)
		require.Equal(t, fmt.Sprint(i), c.Reference)
		require.Equal(t, 1, c.Upserts)
	}
	_, found := s.Contact("100")
	require.False(t, found)
}

func TestSegmentsFollowTagsAndProperties(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	member := marked("1", "member")
	member.Tags = set([]string{"zeotap"})
	s.Apply([]Upsert{
		member,
		marked("2", "member"),
		{SourceType: "zeotap", Reference: "3", Properties: set([]Property{{"audiences", json.RawMessage(`"|77|984|"`)}})},
		{SourceType: "zeotap", Reference: "4", Properties: set([]Property{{"audiences", json.RawMessage(`["|984|"]`)}})},
		{SourceType: "zeotap", Reference: "5", Properties: set([]Property{{"audiences", json.RawMessage(`"|1984|"`)}})},
	}, Policy{})
	counts := func() (all []int64) {
		for i := range segments {
			all = append(all, s.Count(i))
		}
		return all
	}
	require.Equal(t, []int64{2, 2, 1, 1}, counts())

	s.Apply([]Upsert{marked("1", "left")}, Policy{})
	require.Equal(t, []int64{1, 2, 1, 0}, counts())
	require.Equal(t, "4", s.Members(1, 1, 10)[0].Reference)
	require.Len(t, s.Members(1, 0, 1), 1)
	require.Empty(t, s.Members(1, 2, 10))
}

func TestCountsFollowWritesAfterTheDelayInSteps(t *testing.T) {
	t.Parallel()
	s, now := newStore(Lag{Delay: 10 * time.Second, Step: 4 * time.Second})
	s.Apply([]Upsert{marked("1", "member")}, Policy{})
	*now = now.Add(5 * time.Second)
	s.Apply([]Upsert{marked("2", "member")}, Policy{})
	require.Zero(t, s.Count(0))
	require.Empty(t, s.Members(0, 0, 10))

	*now = now.Add(5 * time.Second) // ten seconds, but the last step was at eight
	require.Zero(t, s.Count(0))
	*now = now.Add(2 * time.Second)
	require.EqualValues(t, 1, s.Count(0))
	visible, actual := s.Counts(0)
	require.EqualValues(t, 1, visible)
	require.EqualValues(t, 2, actual)
	*now = now.Add(4 * time.Second)
	require.EqualValues(t, 2, s.Count(0))
}

func TestACountDipsOnceAfterItHasCaughtUp(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{Dip: 0.5})
	require.Zero(t, s.Count(0))
	s.Apply([]Upsert{marked("1", "member"), marked("2", "member")}, Policy{})
	read := make([]int64, 4)
	for i := range read {
		read[i] = s.Count(0)
	}
	require.Equal(t, []int64{2, 1, 2, 2}, read)
}

func TestCreatingCanNeedAPhoneNumberAndAnEmailAddress(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	full := marked("1", "member")
	full.Phones, full.Emails = set([]string{"+491"}), set([]string{"a@example.com"})
	batch := []Upsert{full, marked("2", "member")}

	effects, applied := s.Apply(batch, Policy{ChannelsToCreate: true, AllOrNothing: true})
	require.False(t, applied)
	require.Equal(t, "phone_numbers", effects[1].Missing)
	require.Zero(t, s.Stats().Contacts)

	effects, applied = s.Apply(batch, Policy{ChannelsToCreate: true})
	require.True(t, applied)
	require.True(t, effects[0].Created)
	require.Equal(t, "phone_numbers", effects[1].Missing)

	effects, _ = s.Apply([]Upsert{marked("1", "left")}, Policy{ChannelsToCreate: true})
	require.Equal(t, Effect{ID: effects[0].ID}, effects[0])
}

func TestAllWalksContactsInTheOrderOfTheirCreation(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	want := make([]string, 2000)
	for i := range want {
		want[i] = fmt.Sprint(i)
		s.Apply([]Upsert{marked(want[i], "member")}, Policy{})
	}
	var got []string
	for c := range s.All() {
		got = append(got, c.Reference)
	}
	require.Equal(t, want, got)
	require.Len(t, slices.Collect(s.All()), 2000)
	require.Len(t, s.List(1999, 10), 1)
}

// typical is a contact as the demo sends it.
func typical(i int) Upsert {
	phone := fmt.Sprintf("+4915%09d", i)
	u := marked(phone, "member")
	u.FirstName, u.LastName = set("Marie-Luise"), set("Schäfer")
	u.Phones, u.Emails = set([]string{phone}), set([]string{fmt.Sprintf("marie-luise.schaefer.%d@example.com", i)})
	u.Tags = set([]string{"zeotap"})
	u.Properties.Value = append(
		u.Properties.Value,
		Property{"city", json.RawMessage(`"Saarbrücken"`)},
		Property{"loyalty_points", json.RawMessage(`12345`)},
		Property{"birthday", json.RawMessage(`"1979-04-21"`)},
	)
	return u
}

func TestAContactCostsLittleBesideItsContent(t *testing.T) {
	total, content := memory(20_000)
	require.Less(t, total-content, 100.0)
}

// memory returns the bytes per contact in a store of n, all and content.
func memory(n int) (total, content float64) {
	before := heap()
	s, _ := newStore(Lag{})
	for i := range n {
		s.Apply([]Upsert{typical(i)}, Policy{})
		content += float64(len(s.buffer))
	}
	total = float64(heap() - before)
	runtime.KeepAlive(s)
	return total / float64(n), content / float64(n)
}

func BenchmarkMemoryOf200000Contacts(b *testing.B) {
	for b.Loop() {
		total, content := memory(200_000)
		b.ReportMetric(total, "B/contact")
		b.ReportMetric(total-content, "overhead-B/contact")
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkApply(b *testing.B) {
	s, _ := newStore(Lag{})
	i := 0
	for b.Loop() {
		s.Apply([]Upsert{typical(i % 500_000)}, Policy{})
		i++
	}
}
