package mapping_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

func TestANumberWhoseEndIsMissingIsTooShort(t *testing.T) {
	t.Parallel()
	for region, values := range map[string][]string{
		"DE": {"+49 151 123", "0151 123", "+49151", "0151", "0049 151 1", "+49", "+4", "49", "1", "+1 212 555"},
		"US": {"212 555", "(212) 555-012", "+1 212", "011 49 151"},
		"GB": {"07712 34", "020 7946"},
		"":   {"+49 151 123", "0049 151", "+1", "+44 20"},
	} {
		parse := mapping.PhoneParser(region, false)
		for _, value := range values {
			_, reason := parse(value)
			require.Equal(t, audience.PhoneTooShort, reason, "%s in %q", value, region)
		}
	}
	mapper := compile(t, byReference(config.NormaliseE164, "DE"))
	require.Equal(t, audience.ReferenceTooShort, reject(t, mapper, audience.Member{"ref": "0151 123"}).Reason)
}

func TestANumberIsTooShortExactlyIfMoreDigitsMakeItOne(t *testing.T) {
	t.Parallel()
	numbers := newNumbers(1, 1)
	parse := mapping.PhoneParser("", false)
	for range 5_000 {
		drawn := pickOne(numbers, numbers.examples)
		national := numbers.mutated(drawn.national) + "0"
		national = national[:2+numbers.IntN(len(national)-1)]
		value := "+" + drawn.code + national
		_, reason := parse(value)
		completion := mapping.Completion(value)
		switch reason {
		case audience.PhoneTooShort:
			_, valid := libraryNumber(completion, "")
			require.True(t, valid, "%s is too short, but %s is no number either", value, completion)
		case audience.PhoneNotANumber:
			_, valid := libraryNumber(value+numbers.digits(1+numbers.IntN(8)), "")
			require.False(t, valid, "%s is no number, but more digits make it one", value)
		default:
			require.Empty(t, reason)
		}
	}
}

func TestMobileNumbersAreReadWithoutTheLibrary(t *testing.T) {
	t.Parallel()
	for region := range phonenumbers.GetSupportedRegions() {
		if region == "AR" {
			// A trunk prefix in the middle of the number: the library knows how.
			continue
		}
		if number := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE); number != nil {
			require.True(t, mapping.ReadsAlone(phonenumbers.Format(number, phonenumbers.E164), region), region)
			require.True(t, mapping.ReadsAlone(phonenumbers.Format(number, phonenumbers.INTERNATIONAL), region), region)
		}
	}
	for _, region := range []string{"DE", "AT", "CH", "GB", "US", "FR", "ES", "IT", "PL", "NL", "TR", "IN"} {
		number := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
		require.True(t, mapping.ReadsAlone(phonenumbers.Format(number, phonenumbers.NATIONAL), region), region)
	}
}
