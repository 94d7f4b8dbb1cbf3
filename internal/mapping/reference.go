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
	value, field, reason := m.reference.read(mapped)
	switch {
	case reason != "":
		return "", &Rejection{reason, field}
	case value == "":
		return "", &Rejection{audience.ReferenceMissing, field}
	}
	normalise := m.sync.Reference.Normalise
	if normalise == config.NormaliseRaw {
		if utf8.RuneCountInString(value) > maxReference {
			return "", &Rejection{audience.ReferenceTooLong, field}
		}
		return value, nil
	}
	number, reason := m.phones.parse(value, referenceReasons)
	if reason != "" {
		return "", &Rejection{reason, field}
	}
	if normalise == config.NormaliseDigits {
		return strings.TrimPrefix(number, "+"), nil
	}
	return number, nil
}
