package people

// Kind is what is special about a member.
type Kind uint8

// The kinds of members.
const (
	// Plain: a usable phone number, and no other oddity.
	Plain Kind = iota
	// WithoutPhone: the phone number is missing.
	WithoutPhone
	// HashedPhone: the phone number is a SHA-256 in hexadecimal.
	HashedPhone
	// InvalidPhone: the phone number is not valid in any region.
	InvalidPhone
	// BadEmail: a usable phone number, and an email that is no address.
	BadEmail
	// Duplicate: an earlier plain member once more.
	Duplicate
)

// The shares of oddities. Each thousand of members, from index 0 on, holds
// exactly so many of each kind; the seed decides which.
const (
	block = 1000

	withoutPhonePerThousand = 4
	hashedPhonePerThousand  = 2
	invalidPhonePerThousand = 3
	badEmailPerThousand     = 3
	duplicatesPerThousand   = 5

	// Any member may lack these, whatever its kind; they are shares on average.
	withoutEmailPerThousand   = 60
	withoutConsentPerThousand = 50
)

// The bounds of the kinds within a shuffled block.
const (
	endWithoutPhone = withoutPhonePerThousand
	endHashedPhone  = endWithoutPhone + hashedPhonePerThousand
	endInvalidPhone = endHashedPhone + invalidPhonePerThousand
	endBadEmail     = endInvalidPhone + badEmailPerThousand
	endDuplicate    = endBadEmail + duplicatesPerThousand
)

// Oddities are exact numbers of members, by what is special about them.
type Oddities struct {
	Members      int64 `json:"members"`
	WithoutPhone int64 `json:"without_phone"`
	HashedPhone  int64 `json:"hashed_phone"`
	InvalidPhone int64 `json:"invalid_phone"`
	BadEmail     int64 `json:"bad_email"`
	Duplicates   int64 `json:"duplicates"`
	// Respelled are those duplicates that spell the number in another way.
	Respelled int64 `json:"respelled"`
	// WithoutEmail, WithoutConsent and NationalSpelling (a usable number
	// without a country code, which needs the region DE) cross the kinds above.
	WithoutEmail     int64 `json:"without_email"`
	WithoutConsent   int64 `json:"without_consent"`
	NationalSpelling int64 `json:"national_spelling"`
}

// Distinct is the number of people with a usable phone number: the contacts
// that a sync creates which is keyed by it and omits a bad email. One that
// holds such members back creates BadEmail fewer.
func (o Oddities) Distinct() int64 {
	return o.Members - o.WithoutPhone - o.HashedPhone - o.InvalidPhone - o.Duplicates
}

// Oddities counts the crowd. It looks at every member, which takes a fraction
// of a second for a million.
func (c *Crowd) Oddities() Oddities {
	o := Oddities{Members: c.size}
	for i := range c.size {
		kind, person := c.Kind(i), i
		switch kind {
		case WithoutPhone:
			o.WithoutPhone++
		case HashedPhone:
			o.HashedPhone++
		case InvalidPhone:
			o.InvalidPhone++
		case BadEmail:
			o.BadEmail++
		case Duplicate:
			o.Duplicates++
			if c.respelled(i) {
				o.Respelled++
			}
			kind, person = Plain, c.original(i)
		case Plain:
		}
		if kind != BadEmail && !c.hasEmail(person, kind) {
			o.WithoutEmail++
		}
		if !c.consents(person) {
			o.WithoutConsent++
		}
		if c.spellingOf(i, person, kind) == National {
			o.NationalSpelling++
		}
	}
	return o
}

// Kind returns what is special about member i.
func (c *Crowd) Kind(i int64) Kind {
	switch place := c.place(i); {
	case place < endWithoutPhone:
		return WithoutPhone
	case place < endHashedPhone:
		return HashedPhone
	case place < endInvalidPhone:
		return InvalidPhone
	case place < endBadEmail:
		return BadEmail
	case place < endDuplicate:
		return Duplicate
	default:
		return Plain
	}
}

// place shuffles a block: position x goes to (stride*x + start) mod block,
// where stride has no factor in common with block. The first member of a
// block is always plain, so that a duplicate has somebody to repeat.
func (c *Crowd) place(i int64) uint64 {
	h := c.hash(i/block, drawBlock)
	start := endDuplicate + h>>32%(block-endDuplicate)
	stride := strides[h%uint64(len(strides))]
	return (stride*natural(i)%block + start) % block
}

var strides = [...]uint64{
	7, 77, 131, 173, 219, 267, 301, 343, 387, 413, 459, 503, 547, 591, 633, 679, 721, 767, 811, 853, 899, 943, 981,
}

// original is the earlier member that duplicate i repeats.
func (c *Crowd) original(i int64) int64 {
	earlier := int64(c.hash(i, drawOriginal) % natural(i)) //nolint:gosec // less than i
	if c.Kind(earlier) != Plain {
		earlier -= earlier % block
	}
	return earlier
}

// respelled says whether duplicate i spells the number in another way: 3 of 5
// in even blocks and 2 of 5 in odd ones, which makes half.
func (c *Crowd) respelled(i int64) bool {
	return (c.place(i)+natural(i)/block)%2 == endBadEmail%2
}
