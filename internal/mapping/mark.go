package mapping

import (
	"slices"
	"strings"

	"audiencesync/internal/audience"
)

// Mark returns the contact that marks a member again and changes nothing else.
func (m *Mapper) Mark(reference string) audience.Contact {
	return m.marked(reference, m.sync.Marker.Member)
}

// Unmark returns the contact that takes the marker from someone who left and
// changes nothing else. It cannot create a contact: it names no phone number and no
// email address. The sync marks by a property that has a value for those who left.
func (m *Mapper) Unmark(reference string) audience.Contact {
	return m.marked(reference, m.sync.Marker.Left)
}

func (m *Mapper) marked(reference, value string) audience.Contact {
	if m.sync.Marker.Shared {
		value = SharedMark(nil)
	}
	return audience.Contact{Reference: reference, Properties: []audience.Property{{Name: m.sync.Marker.Property, Value: value}}}
}

// SharedMark is the value of a custom property that syncs share: the ids of the
// audiences that a contact is in, each between bars, so that a segment which asks
// for "|984|" finds no "|9840|". Of a contact that is in none it is one bar: an empty
// value might leave the property as it is.
func SharedMark(audiences []string) string {
	if len(audiences) == 0 {
		return "|"
	}
	return "|" + strings.Join(slices.Compact(slices.Sorted(slices.Values(audiences))), "|") + "|"
}

// SetSharedMark gives a contact, made by the mapper of a sync that shares its
// property, the mark of the audiences that it is in.
func (m *Mapper) SetSharedMark(contact *audience.Contact, audiences []string) {
	for i := range contact.Properties {
		if contact.Properties[i].Name == m.sync.Marker.Property {
			contact.Properties[i].Value = SharedMark(audiences)
		}
	}
}
