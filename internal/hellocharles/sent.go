package hellocharles

import (
	"strconv"
	"strings"

	"audiencesync/internal/audience"
)

// sent finds the contacts of one request in its reply: by reference, or by a
// place that the reply states, never by the order of the reply.
type sent struct {
	contacts []audience.Contact
	places   map[string]int
	// bare are the places of phone numbers without their plus sign: a server
	// may drop it, or give the reference as a JSON number.
	bare map[string]int
}

func newSent(contacts []audience.Contact) sent {
	s := sent{contacts: contacts, places: make(map[string]int, len(contacts)), bare: map[string]int{}}
	for i := range contacts {
		s.places[contacts[i].Reference] = i
		if digits, ok := withoutPlus(contacts[i].Reference); ok {
			s.bare[digits] = i
		}
	}
	return s
}

// place returns the place of the contact that an item of a reply names. A
// reference that was not sent names nobody, whatever index stands beside it.
func (s sent) place(item any, reference, index string) (int, bool) {
	if named := scalarAt(item, reference); named != "" {
		return s.named(named)
	}
	place, err := strconv.Atoi(scalarAt(item, index))
	return place, err == nil && place >= 0 && place < len(s.contacts)
}

// named returns the place of the contact with a reference. A number with and
// one without plus sign that were both sent are two contacts.
func (s sent) named(reference string) (int, bool) {
	if i, ok := s.places[reference]; ok {
		return i, true
	}
	if digits, ok := withoutPlus(reference); ok {
		i, ok := s.places[digits]
		return i, ok
	}
	i, ok := s.bare[reference]
	return i, ok
}

// withoutPlus returns the digits of a phone number that starts with a plus sign.
func withoutPlus(reference string) (string, bool) {
	digits, ok := strings.CutPrefix(reference, "+")
	return digits, ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
