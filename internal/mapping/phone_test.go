package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator/people"
)

func TestPhoneNumbersAreReadInTheirUsualSpellings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region, want string
		spellings    []string
	}{
		{"", "+4915112345678", []string{
			"+4915112345678", "+49 151 12345678", "+49-151-12345678", "+49.151.12345678", "+49 (151) 123 456 78", "+49 (0)151 12345678",
			"(+49) 151/12345678", "004915112345678", "00 49 151 12345678", "0049 (0)151 12345678", "tel:+49-151-12345678",
			"＋４９１５１１２３４５６７８", "+٤٩١٥١١٢٣٤٥٦٧٨", "+49\u00a0151\u00a012345678", "\u202a+49 151 12345678\u202c", "\ufeff+4915112345678",
			"+49 151 12345678.", "'+4915112345678",
		}},
		{"DE", "+4915112345678", []string{"+4915112345678", "015112345678", "0151 123 456 78", "0151/12345678", "15112345678", "4915112345678", "49 151 12345678", "004915112345678"}},
		{"DE", "+493012345678", []string{"030 12345678", "(030) 1234-5678", "30 12345678", "493012345678"}},
		{"DE", "+436641234567", []string{"+43 664 1234567", "0043 664 1234567"}},
		{"AT", "+436641234567", []string{"0664 1234567", "0664/123 45 67", "436641234567"}},
		{"CH", "+41791234567", []string{"079 123 45 67", "41791234567", "+41 (0)79 123 45 67"}},
		{"FR", "+33612345678", []string{"06 12 34 56 78", "+33 6 12 34 56 78", "33612345678"}},
		{"GB", "+447712345678", []string{"07712 345678", "+44 (0)7712 345678", "447712345678"}},
		{"IT", "+393331234567", []string{"333 123 4567", "+39 333 1234567", "393331234567"}},
		{"IT", "+390612345678", []string{"06 1234 5678", "+39 06 12345678"}},
		{"ES", "+34612345678", []string{"612 34 56 78", "34612345678"}},
		{"PL", "+48501234567", []string{"501 234 567", "48501234567"}},
		{"TR", "+905321234567", []string{"0532 123 45 67", "532 123 45 67", "905321234567"}},
		{"UA", "+380671234567", []string{"067 123 45 67", "380671234567"}},
		{"RU", "+79123456789", []string{"8 912 345-67-89", "912 345-67-89", "79123456789"}},
		{"US", "+12125550123", []string{"(212) 555-0123", "212.555.0123", "1-212-555-0123", "12125550123", "+1 212 555 0123"}},
		{"US", "+12015550123", []string{"201-555-0123"}}, // with a plus it would be an Egyptian number
		{"US", "+4915112345678", []string{"011 49 151 12345678", "0049 151 12345678"}},
		{"BR", "+5511912345678", []string{"(11) 91234-5678", "011 91234-5678", "5511912345678"}},
		{"IN", "+919811012345", []string{"098110 12345", "98110 12345", "919811012345"}},
		{"CN", "+8613612345678", []string{"136 1234 5678", "8613612345678"}},
		{"JP", "+819012345678", []string{"090-1234-5678", "819012345678"}},
		{"AU", "+61412345678", []string{"0412 345 678", "61412345678"}},
		{"AU", "+4915112345678", []string{"0011 49 151 12345678"}},
		{"AE", "+971501234567", []string{"050 123 4567", "971501234567"}},
	} {
		mapper := compile(t, byReference(config.NormaliseE164, test.region))
		for _, spelling := range test.spellings {
			require.Equal(t, test.want, mapMember(t, mapper, audience.Member{"ref": spelling}).contact.Reference, "%s in %q", spelling, test.region)
		}
	}
}

func TestWhatCouldBeTheNumberOfAStrangerIsNoNumber(t *testing.T) {
	t.Parallel()
	for region, values := range map[string][]string{
		"DE": {
			"436641234567",                  // an Austrian mobile without its plus, or a landline without its zero
			"5511912345678",                 // a Brazilian one
			"0151 Mobile12", "0170 privat1", // letters are digits to a telephone only
			"+49 151 12345678 ext. 5", "+4915112345678;ext=1", "1-800-FLOWERS",
			"+49 151 12345678, +49 151 12345679", "+49 151 12345678 / 12345679", "0151-12345678 0152-12345678",
		},
		"US": {"4915112345678", "015112345678", "+44 7700 900123"},
		"":   {"+", "0000000000", "+000000000", "+999 123456789", "+4911", "+49151123456789012", "unknown", "n/a", "-", "call +49 151 12345678"},
	} {
		mapper := compile(t, byReference(config.NormaliseE164, region))
		for _, value := range values {
			require.Equal(t, audience.ReferenceNotANumber, reject(t, mapper, audience.Member{"ref": value}).Reason, "%s in %q", value, region)
		}
	}
}

func TestWithoutADefaultRegionANumberNeedsItsCountryCode(t *testing.T) {
	t.Parallel()
	mapper := compile(t, byReference(config.NormaliseE164, ""))
	for _, value := range []string{"0151 12345678", "15112345678", "4915112345678", "(212) 555-0123", "112"} {
		require.Equal(t, audience.ReferenceNoCountryCode, reject(t, mapper, audience.Member{"ref": value}).Reason, value)
	}
}

func TestDigitsBeginWithACountryCodeIfTheSyncSaysSo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ region, value, want string }{
		{"DE", "436641234567", "+436641234567"},
		{"DE", "5511912345678", "+5511912345678"},
		{"DE", "44 7712 345678", "+447712345678"},
		{"DE", "15417543010", "+15417543010"}, // it could be a German mobile without its zero
		{"DE", "4915112345678", "+4915112345678"},
		{"DE", "0151 12345678", "+4915112345678"},
		{"DE", "0043 664 1234567", "+436641234567"},
		{"DE", "15112345678", "+4915112345678"}, // there is no such number in the United States
		{"US", "4915112345678", "+4915112345678"},
		{"", "4915112345678", "+4915112345678"},
	} {
		mapper := compile(t, withSync(byReference(config.NormaliseE164, test.region), func(s *config.Sync) {
			s.Reference.DigitsAreInternational = true
		}))
		require.Equal(t, test.want, mapMember(t, mapper, audience.Member{"ref": test.value}).contact.Reference, "%s in %q", test.value, test.region)
	}
	without := compile(t, byReference(config.NormaliseE164, "DE"))
	require.Equal(t, audience.ReferenceNotANumber, reject(t, without, audience.Member{"ref": "436641234567"}).Reason)
}

// anyone draws a member of a simulated crowd: phone numbers of twenty regions,
// most of them German, in mixed spellings.
func anyone(t *rapid.T) people.Member {
	crowd := people.New(rapid.Uint64().Draw(t, "seed"), people.Capacity, "984")
	return crowd.Member(rapid.Int64Range(0, people.Capacity-1).Draw(t, "member"))
}

func TestEveryUsableNumberIsReadAndNoOther(t *testing.T) {
	t.Parallel()
	mapper := compile(t, byReference(config.NormaliseE164, "DE"))
	rapid.Check(t, func(t *rapid.T) {
		person := anyone(t)
		reference, rejection := mapper.Reference(audience.Member{"ref": person.Phone})
		if reference != person.Number {
			t.Fatalf("%q was read as %q, not %q (%v)", person.Phone, reference, person.Number, rejection)
		}
	})
}

func TestAPhoneThatIsTheReferenceTooIsReadAsIfItWereNot(t *testing.T) {
	t.Parallel()
	for _, normalise := range []config.Normalise{config.NormaliseE164, config.NormaliseDigits, config.NormaliseRaw} {
		for _, region := range []string{"", "DE", "US"} {
			same := withSync(full(), func(s *config.Sync) {
				s.Reference = config.Reference{Origin: config.Origin{From: "phone"}, Normalise: normalise, DefaultRegion: region}
				s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.Omit}
			})
			other := withSync(same, func(s *config.Sync) {
				s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "copy"}, Unusable: config.Omit}
			})
			spared, parsed := compile(t, same), compile(t, other)
			rapid.Check(t, func(t *rapid.T) {
				phone := anyone(t).Phone
				m := audience.Member{"phone": phone, "copy": phone}
				reference, rejection := spared.Reference(m)
				if rejection != nil {
					return
				}
				one, withheldOne, _ := spared.Contact(spared.Mapped(m), reference)
				two, withheldTwo, _ := parsed.Contact(parsed.Mapped(m), reference)
				if one.Phone != two.Phone || len(withheldOne) != len(withheldTwo) {
					t.Fatalf("%q is %q as the reference and %q on its own", phone, one.Phone, two.Phone)
				}
			})
		}
	}
}
