package contacts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAContactIsErasedWithAllItsReferences(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	s.Apply([]Upsert{
		reachable("old", "+4915112345678", "a@example.com"),
		reachable("other", "+4915112345679", "b@example.com"),
		reachable("new", "+4915112345678", "a@example.com"),
	}, policy)
	require.EqualValues(t, 2, s.Count(0))
	require.Equal(t, 1, s.Erase("new", "old", "nobody"), "both are one contact")
	require.EqualValues(t, 1, s.Count(0))
	require.Equal(t, Stats{Contacts: 1, Upserts: 3, Created: 2, Repeated: 1, Again: 1, Erased: 1}, s.Stats())
	for _, reference := range []string{"old", "new"} {
		_, known := s.Contact(reference)
		require.False(t, known)
		require.Equal(t, []Truth{{Reference: reference, Contacts: []Contact{}, Erased: true}}, s.Truth(reference))
	}
	require.Equal(t, []Truth{{Reference: "nobody", Contacts: []Contact{}}}, s.Truth("nobody"))
	require.Len(t, s.List(0, 10), 1)
	require.Empty(t, s.List(1, 10))
	require.Len(t, slices.Collect(s.All()), 1)
	require.Equal(t, "other", s.Members(0, 0, 10)[0].Reference)
	require.Zero(t, s.Erase("old"), "who is gone cannot be erased again")
}

func TestAnErasedContactThatIsSentAgainIsANewOne(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{ChannelsToCreate: true, StitchPhone: true}
	full := reachable("1", "+4915112345678", "a@example.com")
	before, _ := s.Apply([]Upsert{full}, policy)
	s.Erase("1")

	effects, _ := s.Apply([]Upsert{marked("1", "left")}, policy)
	require.Equal(t, []Effect{{Missing: "phone_numbers"}}, effects, "the marker alone does not bring it back")
	require.Zero(t, s.Stats().Returned)

	effects, _ = s.Apply([]Upsert{full, marked("1", "left")}, policy)
	require.True(t, effects[0].Created, "its phone number does not find who was erased")
	require.NotEqual(t, before[0].ID, effects[0].ID)
	require.EqualValues(t, 1, s.Stats().Returned)
	truth := s.Truth("1")[0]
	require.True(t, truth.Erased)
	require.Len(t, truth.Contacts, 1)
	require.Equal(t, 2, truth.Contacts[0].Upserts, "those before were another's")
	require.Equal(t, 1, truth.Contacts[0].UpsertsWithoutChannels)

	s.Erase("1")
	s.Apply([]Upsert{marked("1", "left")}, Policy{})
	truth = s.Truth("1")[0]
	require.Len(t, truth.Contacts, 1, "where nothing is needed to create, an empty contact comes")
	require.Empty(t, truth.Contacts[0].Phones)
	require.EqualValues(t, 2, s.Stats().Returned)
	require.EqualValues(t, 2, s.Stats().Erased)
	s.Reset()
	require.Equal(t, Stats{}, s.Stats())
	require.False(t, s.Truth("1")[0].Erased)
}

func TestAnErasedReferenceThatIsStitchedToAnotherContactHasReturned(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	s.Apply([]Upsert{reachable("1", "+4915112345678", "a@example.com")}, policy)
	s.Erase("1")
	s.Apply([]Upsert{reachable("2", "+4915112345678", "b@example.com"), reachable("1", "+4915112345678", "a@example.com")}, policy)
	require.EqualValues(t, 1, s.Stats().Contacts)
	require.EqualValues(t, 1, s.Stats().Returned)
	truth := s.Truth("1")[0]
	require.True(t, truth.Erased)
	require.Equal(t, []Key{{"zeotap", "2"}, {"zeotap", "1"}}, truth.Contacts[0].Keys)

	require.Equal(t, 1, s.Erase("1"))
	require.True(t, s.Truth("2")[0].Erased)
	s.Apply([]Upsert{reachable("1", "+4915112345678", "a@example.com")}, policy)
	require.EqualValues(t, 2, s.Stats().Returned)
}

// An index that lost an erased contact would lose those behind it, or hold them twice.
func TestContactsWhoseHashesCollideStayApartWhenSomeAreErased(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	s.hash = func([]byte) uint64 { return 42 }
	var some []string
	for i := range 100 {
		s.Apply([]Upsert{marked(fmt.Sprint(i), "member")}, Policy{})
		if i%3 == 0 {
			some = append(some, fmt.Sprint(i))
		}
	}
	require.Equal(t, 34, s.Erase(some...))
	for i := range 100 {
		_, found := s.Contact(fmt.Sprint(i))
		require.Equal(t, i%3 != 0, found, i)
	}
	for i := range 100 {
		s.Apply([]Upsert{marked(fmt.Sprint(i), "member")}, Policy{})
	}
	require.EqualValues(t, 100, s.Stats().Contacts)
	require.EqualValues(t, 34, s.Stats().Returned)
	require.EqualValues(t, 100, s.Count(0))
	require.Equal(t, "1", s.List(0, 1)[0].Reference)
	require.Equal(t, "99", s.List(99, 9)[0].Reference, "who came back is last")
}

func TestAReferenceOfTwoSourcesIsErasedOfBoth(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	other := marked("1", "member")
	other.SourceType = "crm"
	s.Apply([]Upsert{marked("1", "member"), other}, Policy{})
	require.Len(t, s.Truth("1")[0].Contacts, 2)
	require.Equal(t, 2, s.Erase("1"))
	require.Zero(t, s.Stats().Contacts)
}

func TestACountFollowsAnErasureAfterTheDelay(t *testing.T) {
	t.Parallel()
	s, now := newStore(Lag{Delay: 10 * time.Second})
	s.Apply([]Upsert{marked("1", "member"), marked("2", "member")}, Policy{})
	*now = now.Add(10 * time.Second)
	require.EqualValues(t, 2, s.Count(0))
	s.Erase("1")
	require.EqualValues(t, 2, s.Count(0))
	*now = now.Add(10 * time.Second)
	require.EqualValues(t, 1, s.Count(0))
}

func TestContactsCanBeAddedWithoutAnUpsert(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	inApp, other := reachable("ignored", "+4915112345678", "a@example.com"), marked("1", "member")
	inApp.SourceType, other.SourceType = "", "shop"
	s.Add([]Upsert{inApp, other, {}}, policy)
	require.Equal(t, Stats{Contacts: 3}, s.Stats())
	require.EqualValues(t, 2, s.Count(0))
	list := s.List(0, 3)
	require.Empty(t, list[0].Reference)
	require.Empty(t, list[0].Keys)
	require.Zero(t, list[0].Upserts)
	require.Equal(t, []Key{{"shop", "1"}}, list[1].Keys)

	effects, _ := s.Apply([]Upsert{reachable("2", "+4915112345678", "a@example.com")}, policy)
	require.True(t, effects[0].Stitched)
	c, _ := s.Contact("2")
	require.Equal(t, []Key{{"zeotap", "2"}}, c.Keys)
	require.Equal(t, list[0].ID, c.ID)
}

// The danger of a person who moves from one reference to another: both name one
// contact, and who clears the marker under the old one clears it for good.
func TestAnUpsertToTheOldReferenceOfAMergedContactTouchesTheOneContact(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	s.Apply([]Upsert{
		reachable("old", "+4915112345678", "a@example.com"),
		reachable("new", "+4915112345678", "a@example.com"),
	}, policy)
	require.EqualValues(t, 1, s.Count(0))
	effects, _ := s.Apply([]Upsert{marked("old", "left")}, policy)
	require.False(t, effects[0].Created)
	require.Zero(t, s.Count(0), "the person is in the audience, and yet out of the segment")
	require.Equal(t, s.Truth("old")[0].Contacts, s.Truth("new")[0].Contacts)
	require.JSONEq(t, `"left"`, string(s.Truth("new")[0].Contacts[0].Properties["zeotap_audience_984"]))

	// The other order is harmless.
	s.Apply([]Upsert{marked("old", "left"), marked("new", "member")}, policy)
	require.EqualValues(t, 1, s.Count(0))
}
