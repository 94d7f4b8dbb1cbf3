package mapping

import (
	"strings"
	"unicode"

	"audiencesync/internal/audience"
)

// numberReasons are the reasons for which a phone number is refused, worded
// for the field it stands in.
type numberReasons struct {
	hashed, noCountryCode, tooShort, notANumber audience.Reason
}

var (
	referenceReasons = numberReasons{audience.ReferenceHashed, audience.ReferenceNoCountryCode, audience.ReferenceTooShort, audience.ReferenceNotANumber}
	phoneReasons     = numberReasons{audience.PhoneHashed, audience.PhoneNoCountryCode, audience.PhoneTooShort, audience.PhoneNotANumber}
)

// phoneParser reads the phone numbers of one sync.
type phoneParser struct {
	// home reads numbers without a country code.
	home home
	// digitsAreInternational: a number without a plus and without a leading
	// zero begins with its country code, if that makes a number.
	digitsAreInternational bool
}

func newPhoneParser(defaultRegion string, digitsAreInternational bool) phoneParser {
	return phoneParser{home: newHome(defaultRegion), digitsAreInternational: digitsAreInternational}
}

// parse reads a phone number in any common spelling and returns it in E.164
// form. Where only a guess is left there is no number: a wrong one belongs to
// a stranger.
func (p phoneParser) parse(value string, reasons numberReasons) (string, audience.Reason) {
	if isHash(value) {
		return "", reasons.hashed
	}
	var digits [mostPlain]byte
	s := look(value, digits[:0])
	if !s.plain {
		value = strings.TrimPrefix(strings.Map(dropInvisible, value), "tel:")
		if strings.ContainsFunc(value, unicode.IsLetter) {
			// The library would dial them as the letters on a keypad.
			return "", reasons.notANumber
		}
		s = look(value, digits[:0])
		s.plus = strings.ContainsAny(value, "+\uff0b")
	}
	r, missing := p.read(s)
	switch {
	case r.valid():
		return r.e164(), ""
	case missing && strings.ContainsFunc(value, unicode.IsDigit):
		return "", reasons.noCountryCode
	case r.isShort() || len(s.digits) > 0 && len(s.digits) < fewestPlain:
		return "", reasons.tooShort
	default:
		return "", reasons.notANumber
	}
}

// read reads a number; noCountryCode says that a country code could have helped.
func (p phoneParser) read(s spelling) (r reading, noCountryCode bool) {
	if s.plus {
		return s.read(p.home), false
	}
	abroad, dialled := s.abroad()
	if p.digitsAreInternational && !s.isNational() {
		if other := abroad.read(home{}); other.valid() {
			return other, false
		}
	}
	if r = s.read(p.home); r.kind == reachable {
		return r, false
	}
	// Germany, for one, has numbers so open that 4915112345678 and
	// 436641234567 could be landlines whose zero is missing.
	other := abroad.read(home{})
	switch {
	case other.valid() && (dialled || other.country == p.home.country), dialled && !r.valid():
		return other, false
	case other.valid():
		r = reading{}
	}
	return r, !r.valid() && p.home.region == ""
}

// dropInvisible takes out the characters that come along when a number is
// copied from a screen, such as marks of the writing direction.
func dropInvisible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}
