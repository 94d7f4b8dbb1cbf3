package mapping

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"audiencesync/internal/audience"
)

// numberReasons are the reasons for which a phone number is refused, worded
// for the field it stands in.
type numberReasons struct {
	hashed, noCountryCode, notANumber audience.Reason
}

var (
	referenceReasons = numberReasons{audience.ReferenceHashed, audience.ReferenceNoCountryCode, audience.ReferenceNotANumber}
	phoneReasons     = numberReasons{audience.PhoneHashed, audience.PhoneNoCountryCode, audience.PhoneNotANumber}
)

// parsePhone reads a phone number in any common spelling and returns it in
// E.164 form. defaultRegion reads numbers without a country code. Where only a
// guess is left there is no number: a wrong one belongs to a stranger.
func parsePhone(value, defaultRegion string, reasons numberReasons) (string, audience.Reason) {
	if isHash(value) {
		return "", reasons.hashed
	}
	value = strings.TrimPrefix(strings.Map(dropInvisible, value), "tel:")
	if strings.ContainsFunc(value, unicode.IsLetter) {
		// The library would dial them as the letters on a keypad.
		return "", reasons.notANumber
	}
	number, valid := parseNumber(value, defaultRegion)
	hasPlus := strings.ContainsAny(value, "+\uff0b")
	if hasPlus || valid && isMobile(number) {
		return e164(number, valid, reasons.notANumber)
	}
	// Germany, for one, has numbers so open that 4915112345678 and
	// 436641234567 could be landlines whose zero is missing.
	digits, dialled := strings.CutPrefix(value, "00")
	if other, ok := parseNumber("+"+digits, ""); ok {
		number, valid = other, dialled || int(other.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(defaultRegion)
	}
	if !valid && !dialled && defaultRegion == "" && strings.ContainsFunc(value, unicode.IsDigit) {
		return "", reasons.noCountryCode
	}
	return e164(number, valid, reasons.notANumber)
}

func parseNumber(value, region string) (number *phonenumbers.PhoneNumber, valid bool) {
	number, err := phonenumbers.Parse(value, region)
	return number, err == nil && phonenumbers.IsValidNumber(number)
}

func isMobile(number *phonenumbers.PhoneNumber) bool {
	kind := phonenumbers.GetNumberType(number)
	return kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE
}

func e164(number *phonenumbers.PhoneNumber, valid bool, otherwise audience.Reason) (string, audience.Reason) {
	if !valid {
		return "", otherwise
	}
	return phonenumbers.Format(number, phonenumbers.E164), ""
}

// dropInvisible takes out the characters that come along when a number is
// copied from a screen, such as marks of the writing direction.
func dropInvisible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}
