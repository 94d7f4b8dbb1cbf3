// Package people invents the members of an audience. Member i is a pure
// function of a seed and i: nothing is stored, so that millions cost nothing
// and every process that knows the seed knows the same people.
package people

import (
	"encoding/json"
	"strconv"
)

// Capacity is the most members of one crowd whose phone numbers are distinct.
const Capacity = 100_000_000

// Crowd is the members of one audience, with indexes from 0. It is immutable
// and safe for concurrent use.
type Crowd struct {
	seed    uint64
	size    int64
	numbers permutation
	// memberships are the values that segment_membership takes; the audience
	// itself is in each.
	memberships [4]membership
}

type membership struct {
	ids  []string
	json []byte
}

// Member is one invented member. Empty strings are missing values, except
// that PhoneMissing says how a missing phone number is written.
type Member struct {
	Index int64
	Kind  Kind
	// Original is the index of the earlier member that a duplicate repeats;
	// for all others it is Index.
	Original int64

	CustomerID string
	FirstName  string
	MiddleName string
	LastName   string
	// Phone is the number as the source spells it, usable or not.
	Phone        string
	PhoneMissing Missing
	// Number is the same in E.164, empty when Phone is not a usable number.
	Number string
	// Region is the ISO 3166 code of the number's region.
	Region string
	// Spelling is how Phone is written.
	Spelling Spelling
	Email    string
	City     string
	// LoyaltyPoints is a JSON number.
	LoyaltyPoints string
	// BirthDate has the form YYYY-MM-DD.
	BirthDate string
	// Audiences are the ids of the audiences that the member belongs to.
	Audiences []string
	audiences []byte
	// WhatsApp is the consent to be contacted there.
	WhatsApp bool
}

// New returns the crowd of an audience: size members, at most Capacity.
func New(seed uint64, size int64, audienceID string) *Crowd {
	c := &Crowd{seed: mix(seed), size: size, numbers: newPermutation(seed)}
	for i, ids := range [4][]string{
		{audienceID},
		{audienceID, "1021"},
		{"77", audienceID},
		{"77", audienceID, "1021"},
	} {
		encoded, _ := json.Marshal(ids) // a list of texts cannot fail
		c.memberships[i] = membership{ids: ids, json: encoded}
	}
	return c
}

// Size is the number of members.
func (c *Crowd) Size() int64 { return c.size }

// Member returns member i, 0 <= i < Size().
func (c *Crowd) Member(i int64) Member {
	kind := c.Kind(i)
	if kind != Duplicate {
		return c.person(i, kind)
	}
	m := c.person(c.original(i), Plain)
	if c.respelled(i) {
		m.respell()
	}
	m.Index, m.Kind = i, Duplicate
	return m
}

// person invents one human being; i decides everything about it.
func (c *Crowd) person(i int64, kind Kind) Member {
	h := c.hash(i, drawPerson)
	number := c.number(i)
	names := number.region.namesFor(h)
	first, last := names.first[pick(h, 8, len(names.first))], names.last[pick(h, 20, len(names.last))]

	m := Member{
		Index: i, Original: i, Kind: kind,
		CustomerID: "C" + pad(natural(i)+1, 9),
		FirstName:  first.native,
		LastName:   last.native,
		City:       number.region.cities[pick(h, 32, len(number.region.cities))],
		Region:     number.region.code,
		Audiences:  c.memberships[h>>60&3].ids,
		audiences:  c.memberships[h>>60&3].json,
		WhatsApp:   c.consents(i),
	}
	if h>>44&7 == 0 && names.middle {
		m.MiddleName = names.first[pick(h, 36, len(names.first))].native
	}
	m.LoyaltyPoints = loyaltyPoints(c.hash(i, drawPoints))
	if c.hash(i, drawBirth)%100 >= 8 {
		m.BirthDate = birthDate(c.hash(i, drawBirth) / 100)
	}
	if c.hasEmail(i, kind) {
		m.Email = emailAddress(first.ascii, last.ascii, i, h)
	}
	if kind == BadEmail {
		m.Email = badEmail(first.ascii, h)
	}
	m.givePhone(kind, number, c.hash(i, drawSpelling))
	return m
}

// The draws are independent random numbers about one member.
const (
	drawPerson uint64 = iota + 1
	drawPoints
	drawBirth
	drawEmail
	drawConsent
	drawSpelling
	drawOriginal
	drawBlock
)

func (c *Crowd) hash(i int64, draw uint64) uint64 {
	return mix(c.seed ^ mix(natural(i)*8+draw))
}

func (c *Crowd) hasEmail(i int64, kind Kind) bool {
	return kind != BadEmail && c.hash(i, drawEmail)%1000 >= withoutEmailPerThousand
}

func (c *Crowd) consents(i int64) bool {
	return c.hash(i, drawConsent)%1000 >= withoutConsentPerThousand
}

// natural is an index as the number that it is.
func natural(i int64) uint64 {
	return uint64(i) //nolint:gosec // an index is never negative
}

// pick chooses one of n by 12 bits of h from the given bit on.
func pick(h uint64, bit, n int) int {
	return int(h>>bit&0xfff) * n >> 12
}

func emailAddress(first, last string, i int64, h uint64) string {
	b := make([]byte, 0, len(first)+len(last)+24)
	b = append(b, first...)
	b = append(b, '.')
	b = append(b, last...)
	b = append(b, '.')
	b = strconv.AppendUint(b, natural(i)+1, 36)
	b = append(b, '@')
	b = append(b, mailDomains[pick(h, 48, len(mailDomains))]...)
	return string(b)
}

// mailDomains are reserved for examples (RFC 2606): nobody receives mail there.
var mailDomains = [...]string{"example.com", "example.org", "example.net", "mail.example", "post.example"}

// badEmail returns a text that is no address.
func badEmail(first string, h uint64) string {
	switch h >> 48 % 5 {
	case 0:
		return first
	case 1:
		return first + "@"
	case 2:
		return "@example.com"
	case 3:
		return first + " at example.com"
	default:
		return first + "@@example.com"
	}
}

// mostPoints is more than anybody has at the beginning.
const mostPoints = 20_000

func loyaltyPoints(h uint64) string {
	b := strconv.AppendUint(make([]byte, 0, 8), h%mostPoints, 10)
	if h>>32%16 == 0 {
		b = append(b, '.', '5')
	}
	return string(b)
}

// birthDate is a day of the years 1940 to 2007; every month has 28 days here.
func birthDate(h uint64) string {
	year, month, day := 1940+h%68, 1+h/68%12, 1+h/(68*12)%28
	return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2)
}

// pad writes n with at least width digits.
func pad(n uint64, width int) string {
	var b [20]byte
	at := len(b)
	for n > 0 || len(b)-at < width {
		at--
		b[at] = byte('0' + n%10)
		n /= 10
	}
	return string(b[at:])
}

// mix is the finaliser of SplitMix64: a bijection that spreads every bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
