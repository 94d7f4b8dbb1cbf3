package contacts

import (
	"slices"
	"strings"
)

// stitches are what is known of contacts with more than one reference. They
// are kept only under a policy that stitches.
type stitches struct {
	phones, emails channels
	// aliases are the keys of stitched references, names the references.
	aliases map[string]uint32
	names   map[uint32][]alias
}

// channels say which contact was written last with a channel, and which were
// before it.
type channels struct {
	last    map[string]uint32
	earlier map[string][]uint32
}

// note notes the channels of a contact that was written.
func (c *channels) note(at uint32, has []string, spelled func(string) string) {
	if c.last == nil {
		c.last, c.earlier = map[string]uint32{}, map[string][]uint32{}
	}
	for _, channel := range has {
		key := spelled(channel)
		if key == "" {
			continue
		}
		if before, known := c.last[key]; known && before != at {
			others := slices.DeleteFunc(c.earlier[key], func(other uint32) bool { return other == at })
			c.earlier[key] = append(others, before)
		}
		c.last[key] = at
	}
}

// of returns the contacts that were written with a channel, the last one first.
func (c *channels) of(key string) []uint32 {
	last, known := c.last[key]
	if !known {
		return nil
	}
	all := append([]uint32{}, c.earlier[key]...)
	all = append(all, last)
	slices.Reverse(all)
	return all
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
		at, stitched = s.holds(&s.stitches.phones, u.Phones.Value, stitchPhone)
	}
	if policy.StitchEmail && !stitched {
		at, stitched = s.holds(&s.stitches.emails, u.Emails.Value, strings.ToLower)
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
func (s *Store) holds(known *channels, asked []string, spelled func(string) string) (uint32, bool) {
	for _, channel := range asked {
		has := func(other string) bool { return spelled(other) == spelled(channel) }
		for _, at := range known.of(spelled(channel)) {
			if s.isErased(at) {
				continue
			}
			var r record
			r.decode(s.entries.at(at).data)
			if slices.ContainsFunc(r.phones, has) || slices.ContainsFunc(r.emails, has) {
				return at, true
			}
		}
	}
	return 0, false
}

// remember notes the channels of a contact that was written.
func (s *Store) remember(at uint32, r *record, policy Policy) {
	if policy.StitchPhone {
		s.stitches.phones.note(at, r.phones, stitchPhone)
	}
	if policy.StitchEmail {
		s.stitches.emails.note(at, r.emails, strings.ToLower)
	}
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
