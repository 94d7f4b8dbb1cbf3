package mapping

import (
	"errors"
	"strings"
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
// E.164 form. defaultRegion reads numbers without a country code.
func parsePhone(value, defaultRegion string, reasons numberReasons) (string, audience.Reason) {
	if isHash(value) {
		return "", reasons.hashed
	}
	parsed, err := phonenumbers.Parse(value, defaultRegion)
	if digits, ok := strings.CutPrefix(value, "00"); ok && (err != nil || !phonenumbers.IsValidNumber(parsed)) {
		// Most of the world dials 00 for the plus; it means nothing else in
		// the regions that do not.
		value = "+" + digits
		parsed, err = phonenumbers.Parse(value, defaultRegion)
	}
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode) && defaultRegion == "" && !strings.HasPrefix(value, "+"):
		return "", reasons.noCountryCode
	case err != nil, !phonenumbers.IsValidNumber(parsed):
		return "", reasons.notANumber
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), ""
}
