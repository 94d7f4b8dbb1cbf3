package mapping

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// maxReference bounds a reference, in characters; Hello Charles publishes no limit.
const maxReference = 255

// Reference returns the mapped and normalised external reference id.
func (m *Mapper) Reference(mapped audience.Member) (string, *Rejection) {
	value, ok := cleanText(mapped[m.sync.Reference.From])
	switch {
	case !ok:
		return "", m.rejectReference(audience.FieldNotText)
	case value == "":
		return "", m.rejectReference(audience.ReferenceMissing)
	}
	if m.sync.Reference.Normalise == config.NormaliseRaw {
		if utf8.RuneCountInString(value) > maxReference {
			return "", m.rejectReference(audience.ReferenceTooLong)
		}
		return value, nil
	}
	number, reason := parsePhone(value, m.sync.Reference.DefaultRegion, referenceReasons)
	if reason != "" {
		return "", m.rejectReference(reason)
	}
	if m.sync.Reference.Normalise == config.NormaliseDigits {
		return strings.TrimPrefix(number, "+"), nil
	}
	return number, nil
}

func (m *Mapper) rejectReference(reason audience.Reason) *Rejection {
	return &Rejection{Reason: reason, Field: m.sync.Reference.From}
}

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
// E.164 form. defaultRegion reads numbers without a country code. Where the
// library would guess, there is no number: a wrong one belongs to a stranger.
func parsePhone(value, defaultRegion string, reasons numberReasons) (string, audience.Reason) {
	if isHash(value) {
		return "", reasons.hashed
	}
	value = strings.TrimPrefix(strings.Map(visible, value), "tel:")
	if strings.ContainsFunc(value, unicode.IsLetter) {
		// The library would read them as the letters on a keypad.
		return "", reasons.notANumber
	}
	if lacksPlus(value, defaultRegion) {
		if number, ok := validNumber("+"+value, ""); ok {
			return number, ""
		}
	}
	if number, ok := validNumber(value, defaultRegion); ok {
		return number, ""
	}
	if digits, ok := strings.CutPrefix(value, "00"); ok {
		// Most of the world dials 00 for the plus, and where it does not, no
		// number begins with it.
		if number, ok := validNumber("+"+digits, ""); ok {
			return number, ""
		}
	} else if defaultRegion == "" && !strings.HasPrefix(value, "+") && strings.ContainsFunc(value, unicode.IsDigit) {
		return "", reasons.noCountryCode
	}
	return "", reasons.notANumber
}

func validNumber(value, region string) (string, bool) {
	parsed, err := phonenumbers.Parse(value, region)
	if err != nil || !phonenumbers.IsValidNumber(parsed) {
		return "", false
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), true
}

// lacksPlus reports whether a number begins with the country code of the
// default region. Germany has numbers for which 4915112345678 could also be a
// national number without its zero; that is by far the rarer spelling.
func lacksPlus(value, defaultRegion string) bool {
	if defaultRegion == "" || value == "" || value[0] < '1' || value[0] > '9' {
		return false
	}
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(defaultRegion))
	return strings.HasPrefix(phonenumbers.NormalizeDigitsOnly(value), code)
}

// visible drops the invisible characters that come along when a number is
// copied from a screen, such as marks of the writing direction.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}
