package mapping

import (
	"strings"
	"unicode/utf8"

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
