package contacts

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func reachable(reference, phone, email string) Upsert {
	u := marked(reference, "member")
	u.Phones, u.Emails = set([]string{phone}), set([]string{email})
	return u
}

func TestANewReferenceIsStitchedToTheContactWithItsPhoneNumber(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	s.Apply([]Upsert{reachable("1", "+4915112345678", "a@example.com")}, policy)
	effects, _ := s.Apply([]Upsert{
		reachable("2", "4915112345678", "b@example.com"), reachable("3", "+4915112345679", "a@example.com"),
	}, policy)
	require.True(t, effects[0].Stitched)
	require.False(t, effects[0].Created)
	require.True(t, effects[1].Created, "emails do not stitch")
	require.EqualValues(t, 2, s.Count(0), "three references are two contacts")
	require.EqualValues(t, 1, s.Stats().Stitched)

	one, _ := s.Contact("1")
	two, known := s.Contact("2")
	require.True(t, known)
	require.Equal(t, one, two)
	require.Equal(t, []string{"2"}, one.AlsoKnownAs)
	require.Equal(t, []string{"b@example.com"}, one.Emails)

	effects, _ = s.Apply([]Upsert{marked("2", "left")}, policy)
	require.False(t, effects[0].Created, "a stitched reference is known")
	require.EqualValues(t, 1, s.Count(0))
}

func TestEmailsStitchWithoutCaseAndPhonesOnlyWithACountryCode(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true, StitchEmail: true}
	effects, _ := s.Apply([]Upsert{
		reachable("1", "0151 12345678", "a@example.com"),
		reachable("2", "0151 12345678", "b@example.com"),
		reachable("3", "+4915112345678", "B@Example.com"),
	}, policy)
	require.True(t, effects[1].Created)
	require.True(t, effects[2].Stitched)
}

func TestAChannelThatAContactNoLongerHasStitchesNobody(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{StitchPhone: true}
	effects, _ := s.Apply([]Upsert{
		reachable("1", "+4915112345678", "a@example.com"),
		reachable("1", "+4915112345679", "a@example.com"),
		reachable("2", "+4915112345678", "b@example.com"),
	}, policy)
	require.True(t, effects[2].Created)
}

func TestChannelsCanBeAdded(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	policy := Policy{AddChannels: true, StitchPhone: true}
	effects, _ := s.Apply([]Upsert{
		reachable("1", "+4915112345678", "a@example.com"),
		reachable("1", "+4915112345679", "a@example.com"),
		reachable("2", "+4915112345678", "b@example.com"),
	}, policy)
	require.True(t, effects[2].Stitched)
	c, _ := s.Contact("1")
	require.Equal(t, []string{"+4915112345678", "+4915112345679"}, c.Phones)
	require.Equal(t, []string{"b@example.com", "a@example.com"}, c.Emails)
	s.Apply([]Upsert{{SourceType: "zeotap", Reference: "1", Phones: null[[]string]()}}, policy)
	c, _ = s.Contact("1")
	require.Empty(t, c.Phones)
}

func TestTheReferenceAloneCanBeTheKey(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	other := marked("1", "left")
	other.SourceType = "crm"
	s.Apply([]Upsert{marked("1", "member"), other}, Policy{ByReference: true})
	require.EqualValues(t, 1, s.Stats().Contacts)
	c, _ := s.Contact("1")
	require.Equal(t, "zeotap", c.SourceType)
	require.Equal(t, 2, c.Upserts)
	require.Zero(t, s.Count(0))
}

func TestNullCanBeIgnored(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	full := reachable("1", "+4915112345678", "a@example.com")
	full.FirstName, full.Tags = set("Anna"), set([]string{"vip"})
	s.Apply([]Upsert{full}, Policy{})
	before, _ := s.Contact("1")
	s.Apply([]Upsert{{
		SourceType: "zeotap", Reference: "1", FirstName: null[string](), Phones: null[[]string](), Tags: null[[]string](),
		Properties: set([]Property{{"zeotap_audience_984", json.RawMessage("null")}}),
	}, {SourceType: "zeotap", Reference: "1", Properties: null[[]Property]()}}, Policy{IgnoreNull: true})
	after, _ := s.Contact("1")
	after.Upserts, after.UpsertsWithoutChannels = before.Upserts, before.UpsertsWithoutChannels
	require.Equal(t, before, after)
}

func TestTagsCanBeReplaced(t *testing.T) {
	t.Parallel()
	s, _ := newStore(Lag{})
	tagged := func(tags ...string) Upsert {
		return Upsert{SourceType: "zeotap", Reference: "1", Tags: set(tags)}
	}
	s.Apply([]Upsert{tagged("vip", "zeotap"), tagged("newsletter")}, Policy{ReplaceTags: true})
	c, _ := s.Contact("1")
	require.Equal(t, []string{"newsletter"}, c.Tags)
	s.Apply([]Upsert{marked("1", "member")}, Policy{ReplaceTags: true})
	c, _ = s.Contact("1")
	require.Equal(t, []string{"newsletter"}, c.Tags, "what is not named is kept")
}
