package contacts

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Store holds the contacts of one workspace. It is safe for concurrent use.
//
// A contact is one encoded text, found by a 64-bit hash of its key.
// Per contact that costs about 75 bytes beside the content.
type Store struct {
	clock    func() time.Time
	seed     maphash.Seed
	hash     func(key []byte) uint64
	segments []Segment

	mu      sync.RWMutex
	words   vocabulary
	index   map[uint64]uint32
	entries chunks
	tallies []tally
	lag     Lag
	// upserts, repeated and again count applied upserts: all, those that
	// changed nothing, and contacts that got more than one.
	upserts, created, repeated, again int64
	// uncounted says that what is applied is no upsert.
	uncounted bool
	stitches  stitches
	// sources are the numbers of the source types.
	sources []uint64
	erasure erasure

	scratch record
	buffer  []byte
}

type entry struct {
	data    string
	in      uint64 // segments, one bit each
	upserts uint32
	// bare upserts named no phone number and no email address.
	bare uint32
}

// Stats are the counts of a store.
type Stats struct {
	Contacts int64
	Upserts  int64
	Created  int64
	// Repeated upserts found a contact that already held all of it.
	Repeated int64
	// Again are the contacts that got more than one upsert.
	Again int64
	// Stitched are the references that became one more of a contact.
	Stitched int64
	// Erased contacts were erased; Returned is how often an upsert brought one of
	// their references back.
	Erased   int64
	Returned int64
}

// New returns an empty store with the segments, at most MaxSegments.
func New(segments []Segment, lag Lag, clock func() time.Time) *Store {
	s := &Store{clock: clock, segments: segments, lag: lag, seed: maphash.MakeSeed()}
	s.hash = func(key []byte) uint64 { return maphash.Bytes(s.seed, key) }
	s.Reset()
	return s
}

// Reset empties the store.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = vocabulary{}
	s.index = map[uint64]uint32{}
	s.entries = chunks{}
	s.tallies = make([]tally, len(s.segments))
	s.upserts, s.created, s.repeated, s.again = 0, 0, 0, 0
	s.stitches = stitches{}
	s.sources = nil
	s.erasure = erasure{}
}

// SetLag changes how counts follow writes, also those that are still on their way.
func (s *Store) SetLag(lag Lag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = lag
	for i := range s.tallies {
		s.tallies[i].caughtUp = 0
	}
}

// Apply applies the upserts in order, at one moment, and returns their effects.
// applied is false when the policy is all or nothing and one was refused.
func (s *Store) Apply(upserts []Upsert, policy Policy) (effects []Effect, applied bool) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	effects = make([]Effect, len(upserts))
	if policy.ChannelsToCreate && policy.AllOrNothing && s.anyRefused(upserts, policy, effects) {
		return effects, false
	}
	s.applyAll(upserts, policy, now, effects)
	return effects, true
}

// Add adds contacts that no upsert brought, or changes them: nothing is counted.
// One without a source type was made in the app: it is new and has no reference.
func (s *Store) Add(with []Upsert, policy Policy) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range with {
		if with[i].SourceType == "" {
			with[i].Reference = fmt.Sprintf("\x00%d", s.entries.n+uint32(i))
		}
	}
	s.uncounted = true
	defer func() { s.uncounted = false }()
	s.applyAll(with, policy, now, make([]Effect, len(with)))
}

func (s *Store) applyAll(upserts []Upsert, policy Policy, now time.Time, effects []Effect) {
	moved := make([][]crossing, len(s.segments))
	for i := range upserts {
		effects[i] = s.apply(&upserts[i], policy, moved)
	}
	s.move(moved, now)
}

// move changes the segments.
func (s *Store) move(moved [][]crossing, now time.Time) {
	for i, crossings := range moved {
		s.tallies[i].add(crossings, now, s.lag)
	}
}

// cross notes which segments a contact came into and went out of.
func cross(moved [][]crossing, at uint32, was, is uint64) {
	for i := range moved {
		if (was^is)>>i&1 == 1 {
			moved[i] = append(moved[i], crossing{at, is>>i&1 == 1})
		}
	}
}

func (s *Store) anyRefused(upserts []Upsert, policy Policy, effects []Effect) bool {
	refused := false
	for i := range upserts {
		if _, _, known := s.holder(&upserts[i], policy); !known {
			effects[i].Missing = missingChannel(&upserts[i])
			refused = refused || effects[i].Missing != ""
		}
	}
	return refused
}

func (s *Store) apply(u *Upsert, policy Policy, moved [][]crossing) Effect {
	at, hash, known := s.holder(u, policy)
	r := &s.scratch
	stitched := false
	if !known {
		at, stitched = s.stitch(u, policy)
	}
	if known || stitched {
		r.decode(s.entries.at(at).data)
	} else {
		if missing := missingChannel(u); missing != "" && policy.ChannelsToCreate {
			return Effect{Missing: missing}
		}
		*r = record{
			source: s.source(u.SourceType), reference: u.Reference,
			phones: r.phones[:0], emails: r.emails[:0], tags: r.tags[:0], properties: r.properties[:0],
		}
	}
	r.merge(u, &s.words, policy)
	s.buffer = r.encode(s.buffer[:0])
	if !known && !stitched {
		at = s.entries.add()
		s.index[hash] = at
	}
	s.remember(at, r, policy)
	e := s.entries.at(at)
	effect := Effect{
		Created: !known && !stitched, Stitched: stitched, Repeated: e.data == string(s.buffer), ID: personID(at),
	}
	if !s.uncounted {
		s.count(e, u, effect)
	}
	if effect.Repeated {
		return effect
	}
	e.data = string(s.buffer)
	in := mask(s.segments, r, &s.words)
	cross(moved, at, e.in, in)
	e.in = in
	return effect
}

// count counts an upsert that was applied.
func (s *Store) count(e *entry, u *Upsert, effect Effect) {
	s.upserts++
	if e.upserts++; e.upserts == 2 {
		s.again++
	}
	if len(u.Phones.Value) == 0 && len(u.Emails.Value) == 0 {
		e.bare++
	}
	if effect.Created {
		s.created++
	}
	if effect.Repeated {
		s.repeated++
	}
	if (effect.Created || effect.Stitched) && s.wasErased(s.source(u.SourceType), u.Reference) {
		s.erasure.returned++
	}
}

// holder returns where the contact of an upsert is, or the free hash.
func (s *Store) holder(u *Upsert, policy Policy) (at uint32, hash uint64, known bool) {
	if policy.ByReference {
		if at, hash, known = s.findAny(u.Reference); known {
			return at, hash, known
		}
	}
	return s.find(u.SourceType, u.Reference)
}

func missingChannel(u *Upsert) string {
	switch {
	case len(u.Phones.Value) == 0:
		return "phone_numbers"
	case len(u.Emails.Value) == 0:
		return "email_address"
	default:
		return ""
	}
}

// find returns where the contact is, or the free hash under which it can be
// put: contacts whose keys have the same hash are kept under the next ones.
func (s *Store) find(sourceType, reference string) (at uint32, hash uint64, known bool) {
	var space [64]byte
	key := space[:0]
	if source, ok := s.words.numbers[sourceType]; ok {
		key = appendKey(key, source, reference)
	} else {
		key = appendKey(key, uint64(len(s.words.words)), reference)
	}
	for hash = s.hash(key); ; hash++ {
		at, taken := s.index[hash]
		if !taken {
			at, known = s.stitches.aliases[string(key)]
			return at, hash, known
		}
		if strings.HasPrefix(s.entries.at(at).data, string(key)) {
			return at, hash, true
		}
	}
}

// findAny is find for any source type.
func (s *Store) findAny(reference string) (at uint32, hash uint64, known bool) {
	for _, source := range s.sources {
		if at, hash, known = s.find(s.words.text(source), reference); known {
			return at, hash, known
		}
	}
	return 0, 0, false
}

// Stats returns the counts of the store.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return Stats{
		Contacts: int64(s.entries.n) - s.erasure.contacts, Upserts: s.upserts, Created: s.created,
		Repeated: s.repeated, Again: s.again, Stitched: int64(len(s.stitches.aliases)),
		Erased: s.erasure.contacts, Returned: s.erasure.returned,
	}
}

// source returns the number of a source type, which is noted as one.
func (s *Store) source(name string) uint64 {
	number := s.words.number(name)
	if !slices.Contains(s.sources, number) {
		s.sources = append(s.sources, number)
	}
	return number
}

// personID is an id as the workspace itself gives it.
func personID(at uint32) string {
	const odd = 0x9e3779b97f4a7c15 // multiplying by an odd number keeps ids distinct
	return fmt.Sprintf("%016x", (uint64(at)+1)*odd)
}

// chunks is a list that grows without being copied.
type chunks struct {
	list []*[chunkSize]entry
	n    uint32
}

const chunkSize = 1 << 13

func (c *chunks) at(i uint32) *entry { return &c.list[i/chunkSize][i%chunkSize] }

func (c *chunks) add() uint32 {
	if c.n%chunkSize == 0 {
		c.list = append(c.list, new([chunkSize]entry))
	}
	c.n++
	return c.n - 1
}
