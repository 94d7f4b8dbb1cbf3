package people_test

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator/people"
)

func TestTheSameSeedInventsTheSameMembers(t *testing.T) {
	t.Parallel()
	one, two, other := people.New(7, 2000, "984"), people.New(7, 2000, "984"), people.New(8, 2000, "984")
	different := 0
	for i := range int64(2000) {
		require.Equal(t, one.Member(i), two.Member(i))
		if one.Member(i).Phone != other.Member(i).Phone {
			different++
		}
	}
	require.Greater(t, different, 1900)
}

func TestTheSizeOfACrowdDoesNotChangeItsMembers(t *testing.T) {
	t.Parallel()
	small, large := people.New(7, 1500, "984"), people.New(7, 3_000_000, "984")
	for i := range int64(1500) {
		require.Equal(t, small.Member(i), large.Member(i))
	}
}

func TestOdditiesAreExactShares(t *testing.T) {
	t.Parallel()
	o := people.New(3, 100_000, "984").Oddities()
	require.EqualValues(t, 400, o.WithoutPhone)
	require.EqualValues(t, 200, o.HashedPhone)
	require.EqualValues(t, 300, o.InvalidPhone)
	require.EqualValues(t, 300, o.BadEmail)
	require.EqualValues(t, 500, o.Duplicates)
	require.EqualValues(t, 250, o.Respelled)
	require.EqualValues(t, 98_600, o.Distinct())
}

func TestOdditiesCountWhatMembersShow(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, 17, 1000, 2_500} {
		crowd := people.New(11, size, "984")
		shown := people.Oddities{Members: size}
		numbers := map[string]string{}
		for i := range size {
			m := crowd.Member(i)
			valid := validNumber(m.Phone)
			first, seen := numbers[m.Number]
			switch {
			case m.Phone == "":
				shown.WithoutPhone++
			case len(m.Phone) == 64:
				shown.HashedPhone++
			case !valid:
				shown.InvalidPhone++
			case seen:
				shown.Duplicates++
				if first != m.Phone {
					shown.Respelled++
				}
			default:
				numbers[m.Number] = m.Phone
			}
			if _, err := mail.ParseAddress(m.Email); m.Email == "" {
				shown.WithoutEmail++
			} else if err != nil {
				shown.BadEmail++
			}
			if !m.WhatsApp {
				shown.WithoutConsent++
			}
			if valid && m.Phone[0] == '0' && m.Phone[1] != '0' {
				shown.NationalSpelling++
			}
		}
		require.Equal(t, shown, crowd.Oddities(), "size %d", size)
		require.EqualValues(t, len(numbers), shown.Distinct())
	}
}

func validNumber(phone string) bool {
	n, err := phonenumbers.Parse(phone, "DE")
	return err == nil && phonenumbers.IsValidNumber(n)
}

func TestUsablePhonesAreValidForTheirRegionInEverySpelling(t *testing.T) {
	t.Parallel()
	crowd := people.New(5, people.Capacity, "984")
	spellings, regions := map[people.Spelling]int{}, map[string]int{}
	const sample = 3_000
	for i := range int64(sample) {
		m := crowd.Member(i * (people.Capacity / sample))
		n, err := phonenumbers.Parse(m.Phone, "DE")
		if m.Number == "" {
			require.False(t, err == nil && phonenumbers.IsValidNumber(n), "%s is no oddity", m.Phone)
			continue
		}
		require.NoError(t, err, m.Phone)
		require.True(t, phonenumbers.IsValidNumberForRegion(n, m.Region), "%s in %s", m.Phone, m.Region)
		require.Equal(t, m.Number, phonenumbers.Format(n, phonenumbers.E164))
		spellings[m.Spelling]++
		regions[m.Region]++
	}
	require.Len(t, spellings, 7)
	require.Len(t, regions, 20)
	require.InDelta(t, 0.7, float64(regions["DE"])/sample, 0.02)
}

func TestPhoneNumbersAreDistinct(t *testing.T) {
	t.Parallel()
	// Indexes of the whole capacity: the first 30,000, and 30,000 spread over all.
	crowd := people.New(9, people.Capacity, "984")
	seen := make(map[string]int64, 60_000)
	for n := range int64(60_000) {
		i := n
		if n >= 30_000 {
			i = (n-30_000)*3_331 + 30_000
		}
		m := crowd.Member(i)
		if m.Number == "" || m.Kind == people.Duplicate {
			continue
		}
		before, twice := seen[m.Number]
		require.False(t, twice, "members %d and %d", before, i)
		seen[m.Number] = i
	}
}

func TestDuplicatesRepeatAnEarlierPlainMember(t *testing.T) {
	t.Parallel()
	crowd := people.New(1, 10_000, "984")
	for i := range crowd.Size() {
		m := crowd.Member(i)
		if m.Kind != people.Duplicate {
			continue
		}
		first := crowd.Member(m.Original)
		require.Less(t, m.Original, i)
		require.Equal(t, people.Plain, first.Kind)
		require.Equal(t, first.Number, m.Number)
		require.Equal(t, first.CustomerID, m.CustomerID)
	}
}

func TestJSONSaysWhatTheMemberIs(t *testing.T) {
	t.Parallel()
	crowd := people.New(2, 3000, "984")
	var names strings.Builder
	for i := range crowd.Size() {
		m := crowd.Member(i)
		var fields map[string]any
		require.NoError(t, json.Unmarshal(m.AppendJSON(nil), &fields))
		for key, want := range map[string]string{
			"customer_id": m.CustomerID, "first_name": m.FirstName, "middle_name": m.MiddleName, "last_name": m.LastName,
			"phone": m.Phone, "email": m.Email, "city": m.City, "birth_date": m.BirthDate,
		} {
			if want != "" {
				require.Equal(t, want, fields[key])
			} else {
				require.Empty(t, fields[key])
			}
		}
		require.Equal(t, m.LoyaltyPoints, fmt.Sprint(fields["loyalty_points"]))
		require.Contains(t, fields["segment_membership"], "984")
		require.Equal(t, map[string]any{"whatsapp": m.WhatsApp}, fields["consent"])
		names.WriteString(m.FirstName)
	}
	for _, script := range []string{"Latin", "Greek", "Cyrillic", "Arabic", "Hebrew", "Devanagari", "Han", "Hangul", "Hiragana", "Katakana"} {
		inScript := func(r rune) bool { return unicode.Is(unicode.Scripts[script], r) }
		require.True(t, strings.ContainsFunc(names.String(), inScript), script)
	}
}

func BenchmarkMembers(b *testing.B) {
	crowd := people.New(1, people.Capacity, "984")
	buffer := make([]byte, 0, 1024)
	i := int64(0)
	for b.Loop() {
		buffer = crowd.Member(i).AppendJSON(buffer[:0])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "members/s")
	b.SetBytes(int64(len(buffer)))
}

func BenchmarkOddities(b *testing.B) {
	crowd := people.New(1, 100_000, "984")
	for b.Loop() {
		crowd.Oddities()
	}
}

func TestCitiesAreAllWhereMembersLive(t *testing.T) {
	t.Parallel()
	cities := people.Cities()
	require.IsIncreasing(t, cities)
	crowd := people.New(5, 3000, "984")
	for i := range crowd.Size() {
		require.Contains(t, cities, crowd.Member(i).City)
	}
}
