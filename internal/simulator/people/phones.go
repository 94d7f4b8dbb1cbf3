package people

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Missing is how a missing phone number is written.
type Missing uint8

// The ways to write a missing phone number. CSV knows only the last.
const (
	Absent Missing = iota
	Null
	Empty
)

// Spelling is how a usable phone number is written.
type Spelling uint8

// The spellings of phone numbers.
const (
	NotANumber  Spelling = iota
	E164                 // +4915112345678
	Spaced               // +49 151 123 456 78
	Dashed               // +49-151-12345678
	Bracketed            // +49 (151) 12345678
	TrunkZero            // +49 (0)151 12345678, only in Germany
	DoubleZero           // 004915112345678
	National             // 0151 12345678, only in Germany
	nationalRun          // 015112345678; reported as National
)

// phoneNumber is a number that is valid in its region. Its digits are random:
// it is made for parsers, and nothing here ever dials it.
type phoneNumber struct {
	region *region
	// network and subscriber are the national number in two parts.
	network    string
	subscriber string
}

func (n phoneNumber) e164() string {
	return "+" + n.region.dial + n.network + n.subscriber
}

// number returns the phone number of person i. Distinct persons below Capacity
// have distinct numbers: the shuffled index is the number's slot, which is
// a million numbers of one region, and the place in it.
func (c *Crowd) number(i int64) phoneNumber {
	v := c.numbers.of(natural(i))
	slot := &slots[v%100]
	place := pad(v/100, 6)
	return phoneNumber{region: slot.region, network: slot.network, subscriber: slot.lead + place}
}

func (m *Member) givePhone(kind Kind, n phoneNumber, h uint64) {
	switch kind {
	case WithoutPhone:
		m.PhoneMissing = Missing(h % 3)
	case HashedPhone:
		sum := sha256.Sum256([]byte(n.e164()))
		m.Phone = hex.EncodeToString(sum[:])
	case InvalidPhone:
		m.Phone = invalidPhone(n, h)
	case Plain, BadEmail, Duplicate:
		m.Number = n.e164()
		m.spell(n, spellingFor(n.region, h))
	}
}

// respell writes the number in another way than the member does now.
func (m *Member) respell() {
	if m.Spelling == E164 {
		m.Phone, m.Spelling = "00"+m.Number[1:], DoubleZero
		return
	}
	m.Phone, m.Spelling = m.Number, E164
}

func (m *Member) spell(n phoneNumber, s Spelling) {
	m.Phone, m.Spelling = n.spelled(s), s
	if s == nationalRun {
		m.Spelling = National
	}
}

func (n phoneNumber) spelled(s Spelling) string {
	switch s {
	case Spaced:
		return "+" + n.region.dial + " " + n.network + " " + n.subscriber[:3] + " " + n.subscriber[3:]
	case Dashed:
		return "+" + n.region.dial + "-" + n.network + "-" + n.subscriber
	case Bracketed:
		return "+" + n.region.dial + " (" + n.network + ") " + n.subscriber
	case TrunkZero:
		return "+" + n.region.dial + " (0)" + n.network + " " + n.subscriber
	case DoubleZero:
		return "00" + n.region.dial + n.network + n.subscriber
	case National:
		return "0" + n.network + " " + n.subscriber
	case nationalRun:
		return "0" + n.network + n.subscriber
	case NotANumber, E164:
	}
	return n.e164()
}

// spellingFor draws the spelling: 45 of 100 are E.164, and in Germany 15 are
// national.
func spellingFor(r *region, h uint64) Spelling {
	switch draw := h >> 8 % 100; {
	case draw < 45:
		return E164
	case draw < 60:
		return Spaced
	case draw < 68:
		return Dashed
	case draw < 74:
		return Bracketed
	case draw < 82:
		return DoubleZero
	case r.code != "DE":
		return Spaced
	case draw < 85:
		return TrunkZero
	case draw < 95:
		return National
	default:
		return nationalRun
	}
}

// spellingOf is the spelling of member i, who is the given person, without
// inventing the rest of it.
func (c *Crowd) spellingOf(i, person int64, kind Kind) Spelling {
	if kind != Plain && kind != BadEmail {
		return NotANumber
	}
	s := spellingFor(c.number(person).region, c.hash(person, drawSpelling))
	if s == nationalRun {
		s = National
	}
	if person != i && c.respelled(i) {
		if s == E164 {
			return DoubleZero
		}
		return E164
	}
	return s
}

// invalidPhone returns a text that is not a phone number of any region.
func invalidPhone(n phoneNumber, h uint64) string {
	switch h >> 8 % 6 {
	case 0: // cut short
		return "+" + n.region.dial + n.network[:1]
	case 1: // digits doubled
		return n.e164() + n.subscriber
	case 2: // a country code that does not exist
		return "+999" + n.network + n.subscriber
	case 3:
		return "unknown"
	case 4: // zeros as a filler
		return "+" + n.region.dial + strings.Repeat("0", 9)
	default:
		return "0000000000"
	}
}

// permutation shuffles the numbers below Capacity: four Feistel rounds over
// two halves of 10,000 each.
type permutation struct{ keys [4]uint64 }

func newPermutation(seed uint64) permutation {
	var p permutation
	for i := range p.keys {
		p.keys[i] = mix(seed + uint64(i)<<32 + 1)
	}
	return p
}

func (p permutation) of(i uint64) uint64 {
	const half = 10_000
	left, right := i/half%half, i%half
	for _, key := range p.keys {
		left, right = right, (left+mix(key^right))%half
	}
	return left*half + right
}
