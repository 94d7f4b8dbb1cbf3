package contacts

// erasure is what is known of contacts that were erased.
type erasure struct {
	// places are theirs, with what they were: they stay in the index, empty, so that
	// what comes behind them is found.
	places map[uint32]Contact
	// keys are their references, by which somebody who comes back is known.
	keys     map[string]struct{}
	contacts int64
	returned int64
}

// Erase erases the contacts that have one of the references, of any source type,
// with all their other references, as a person does in the app at a request of
// the data subject. It returns how many there were.
func (s *Store) Erase(references ...string) int {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	moved, erased := make([][]crossing, len(s.segments)), 0
	for _, reference := range references {
		for at, _, known := s.findAny(reference); known; at, _, known = s.findAny(reference) {
			s.erase(at, moved)
			erased++
		}
	}
	s.move(moved, now)
	return erased
}

func (s *Store) erase(at uint32, moved [][]crossing) {
	if s.erasure.places == nil {
		s.erasure.places, s.erasure.keys = map[uint32]Contact{}, map[string]struct{}{}
	}
	e := s.entries.at(at)
	cross(moved, at, e.in, 0)
	s.erasure.places[at] = s.contact(at)
	s.scratch.decode(e.data)
	key := string(appendKey(nil, s.scratch.source, s.scratch.reference))
	s.erasure.keys[key] = struct{}{}
	for _, alias := range s.stitches.names[at] {
		other := string(appendKey(nil, alias.source, alias.reference))
		s.erasure.keys[other] = struct{}{}
		delete(s.stitches.aliases, other)
	}
	delete(s.stitches.names, at)
	*e = entry{}
	s.erasure.contacts++
}

// isErased says whether a place is that of a contact that was erased.
func (s *Store) isErased(at uint32) bool {
	_, erased := s.erasure.places[at]
	return erased
}

func (s *Store) wasErased(source uint64, reference string) bool {
	if len(s.erasure.keys) == 0 {
		return false
	}
	_, erased := s.erasure.keys[string(appendKey(nil, source, reference))]
	return erased
}

// Truth returns what is true of each of the references.
func (s *Store) Truth(references ...string) []Truth {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]Truth, len(references))
	for i, reference := range references {
		all[i] = Truth{Reference: reference, Contacts: []Contact{}}
		for _, source := range s.sources {
			if at, _, known := s.find(s.words.text(source), reference); known {
				all[i].Contacts = append(all[i].Contacts, s.contact(at))
			}
			all[i].Erased = all[i].Erased || s.wasErased(source, reference)
		}
	}
	return all
}
