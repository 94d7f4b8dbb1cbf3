package contacts

import (
	"slices"
	"strings"
)

// stitches are what is known of contacts with more than one reference. They
// are kept only under a policy that stitches.
type stitches struct {
	// phones and emails say which contact got a channel last.
	phones, emails map[string]uint32
	// aliases are the keys of stitched references, names the references.
	aliases map[string]uint32
	names   map[uint32][]alias
}

// alias is one more reference of a contact.
type alias struct {
	source    uint64
	reference string
}

// stitch returns the contact that has a channel of the upsert, which becomes
// known under the upsert's reference too.
func (s *Store) stitch(u *Upsert, policy Policy) (at uint32, stitched bool) {
	if policy.StitchPhone {
		at, stitched = s.holds(s.stitches.phones, u.Phones.Value, stitchPhone)
	}
	if policy.StitchEmail && !stitched {
		at, stitched = s.holds(s.stitches.emails, u.Emails.Value, strings.ToLower)
	}
	if !stitched {
		return 0, false
	}
	if s.stitches.aliases == nil {
		s.stitches.aliases, s.stitches.names = map[string]uint32{}, map[uint32][]alias{}
	}
	source := s.source(u.SourceType)
	s.stitches.aliases[string(appendKey(nil, source, u.Reference))] = at
	s.stitches.names[at] = append(s.stitches.names[at], alias{source, u.Reference})
	return at, true
}

// holds returns the contact that still has one of the channels.
func (s *Store) holds(index map[string]uint32, channels []string, spelled func(string) string) (uint32, bool) {
	for _, channel := range channels {
		at, known := index[spelled(channel)]
		if !known || s.isErased(at) {
			continue
		}
		var r record
		r.decode(s.entries.at(at).data)
		has := func(other string) bool { return spelled(other) == spelled(channel) }
		if slices.ContainsFunc(r.phones, has) || slices.ContainsFunc(r.emails, has) {
			return at, true
		}
	}
	return 0, false
}

// remember notes the channels of a contact that was written.
func (s *Store) remember(at uint32, r *record, policy Policy) {
	if policy.StitchPhone {
		s.stitches.phones = note(s.stitches.phones, at, r.phones, stitchPhone)
	}
	if policy.StitchEmail {
		s.stitches.emails = note(s.stitches.emails, at, r.emails, strings.ToLower)
	}
}

func note(index map[string]uint32, at uint32, channels []string, spelled func(string) string) map[string]uint32 {
	if index == nil {
		index = map[string]uint32{}
	}
	for _, channel := range channels {
		if key := spelled(channel); key != "" {
			index[key] = at
		}
	}
	return index
}

// stitchPhone is the form in which numbers are compared: numbers without a
// country code are not usable (help article 206324), and are none here.
func stitchPhone(phone string) string {
	digits := strings.TrimPrefix(phone, "+")
	if strings.HasPrefix(digits, "0") || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits
}
