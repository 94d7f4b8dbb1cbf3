package contacts

import (
	"iter"
)

// Contact returns the contact with the reference, of any source type. A
// reference that was stitched to another's contact finds that one.
func (s *Store) Contact(reference string) (Contact, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, _, known := s.findAny(reference)
	if !known {
		return Contact{}, false
	}
	return s.contact(at), true
}

// List returns the contacts from a place on, in the order of their creation.
func (s *Store) List(offset, limit int64) []Contact {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list, _ := s.from(s.place(offset), limit)
	return list
}

// place returns where the contact number n is, or the end.
func (s *Store) place(n int64) uint32 {
	if len(s.erasure.places) == 0 {
		return uint32(min(n, int64(s.entries.n))) //nolint:gosec // at most n, which is one
	}
	at := uint32(0)
	for ; n > 0 && at < s.entries.n; at++ {
		if !s.isErased(at) {
			n--
		}
	}
	return at
}

// from returns contacts from a place on, and the place after them.
func (s *Store) from(at uint32, limit int64) (list []Contact, next uint32) {
	list = []Contact{}
	for ; at < s.entries.n && int64(len(list)) < limit; at++ {
		if !s.isErased(at) {
			list = append(list, s.contact(at))
		}
	}
	return list, at
}

// All walks all contacts in the order of their creation.
func (s *Store) All() iter.Seq[Contact] {
	const stride = 1000
	return func(yield func(Contact) bool) {
		for next := uint32(0); ; {
			var list []Contact
			s.mu.RLock()
			list, next = s.from(next, stride)
			s.mu.RUnlock()
			for _, c := range list {
				if !yield(c) {
					return
				}
			}
			if len(list) < stride {
				return
			}
		}
	}
}

// Members returns contacts of segment number i, in the order of their creation.
// Like the count, the list follows the writes with a lag, contact by contact.
func (s *Store) Members(segment int, offset, limit int64) []Contact {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tallies[segment].settle(now, s.lag)
	late := s.tallies[segment].late()
	list, rank := []Contact{}, int64(0)
	for at := uint32(0); at < s.entries.n && rank < offset+limit; at++ {
		shows, isLate := late[at]
		if !isLate {
			shows = s.entries.at(at).in>>segment&1 == 1
		}
		if !shows {
			continue
		}
		if rank >= offset {
			list = append(list, s.listed(at))
		}
		rank++
	}
	return list
}

// listed is a contact as a list shows it that may not know yet that it was erased.
func (s *Store) listed(at uint32) Contact {
	if was, erased := s.erasure.places[at]; erased {
		return was
	}
	return s.contact(at)
}

// Count reads the visible count of segment number i.
func (s *Store) Count(segment int) int64 {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tallies[segment].read(now, s.lag)
}

// Counts returns the visible count of segment number i without being a
// reading, and the actual one.
func (s *Store) Counts(segment int) (visible, actual int64) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tallies[segment]
	t.settle(now, s.lag)
	return t.visible, t.actual
}

func (s *Store) contact(at uint32) Contact {
	var r record
	e := s.entries.at(at)
	r.decode(e.data)
	c := r.contact(&s.words)
	c.ID, c.Upserts, c.UpsertsWithoutChannels = personID(at), int(e.upserts), int(e.bare)
	if c.SourceType != "" {
		c.Keys = append(c.Keys, Key{c.SourceType, c.Reference})
	} else {
		c.Reference = ""
	}
	for _, alias := range s.stitches.names[at] {
		if s.words.text(alias.source) == "" {
			continue
		}
		c.AlsoKnownAs = append(c.AlsoKnownAs, alias.reference)
		c.Keys = append(c.Keys, Key{s.words.text(alias.source), alias.reference})
	}
	for i, segment := range s.segments {
		if e.in>>i&1 == 1 {
			c.Segments = append(c.Segments, segment.ID)
		}
	}
	return c
}
