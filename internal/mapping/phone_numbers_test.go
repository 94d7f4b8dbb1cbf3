package mapping_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"audiencesync/internal/mapping"
)

// numbers draws texts that are phone numbers, nearly so, or not at all.
type numbers struct {
	*rand.Rand
	regions []string
	codes   []int
	// examples are valid numbers of every kind of every region.
	examples []example
}

type example struct {
	region, code, national string
}

func newNumbers(seed, stream uint64) *numbers {
	n := &numbers{
		Rand:    rand.New(rand.NewPCG(seed, stream)),
		regions: slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())),
		codes:   slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes())),
	}
	add := func(region string, number *phonenumbers.PhoneNumber) {
		if number != nil {
			n.examples = append(n.examples, example{region, strconv.Itoa(int(number.GetCountryCode())), phonenumbers.GetNationalSignificantNumber(number)})
		}
	}
	for _, region := range n.regions {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			add(region, phonenumbers.GetExampleNumberForType(region, kind))
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		add("", phonenumbers.GetExampleNumberForNonGeoEntity(code))
	}
	slices.SortFunc(n.examples, func(a, b example) int { return strings.Compare(a.code+a.region+a.national, b.code+b.region+b.national) })
	return n
}

// draw returns a text and the default region to read it by.
func (n *numbers) draw() (value, region string) {
	region = pickOne(n, n.regions)
	var drawn example
	switch n.IntN(10) {
	case 0:
		return n.noise(), region
	case 1:
		return n.separated(pickOne(n, []string{"", "+", "00", "0"}) + n.digits(n.IntN(20))), n.perhaps(region)
	case 2, 3:
		drawn = example{region, strconv.Itoa(pickOne(n, n.codes)), n.digits(2 + n.IntN(14))}
	case 4, 5, 6:
		drawn = example{region, strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region)), mapping.Walk(region, n.IntN)}
		if n.IntN(2) == 0 {
			drawn.national = n.mutated(drawn.national)
		}
	default:
		drawn = pickOne(n, n.examples)
		drawn.national = n.mutated(drawn.national)
		region = drawn.region
	}
	if n.IntN(4) == 0 {
		region = pickOne(n, []string{"", "DE", "US", pickOne(n, n.regions)})
	}
	return n.spelled(drawn), n.perhaps(region)
}

// perhaps returns the region, or none.
func (n *numbers) perhaps(region string) string {
	if n.IntN(10) == 0 {
		return ""
	}
	return region
}

// spelled writes a number as people do.
func (n *numbers) spelled(of example) string {
	trunk := phonenumbers.GetNddPrefixForRegion(of.region, true)
	switch n.IntN(9) {
	case 0:
		return "+" + of.code + of.national
	case 1:
		return "00" + of.code + of.national
	case 2:
		return "011" + of.code + of.national
	case 3:
		return of.code + n.separated(of.national)
	case 4:
		return n.separated(trunk + of.national)
	case 5:
		return "+" + of.code + " (" + trunk + ")" + n.separated(of.national)
	case 6:
		return n.separated("0" + of.national)
	case 7:
		return n.separated(of.national)
	default:
		return "+" + of.code + n.separated(of.national)
	}
}

// mutated changes some digits of a number, or none.
func (n *numbers) mutated(national string) string {
	digits := []byte(national)
	for range n.IntN(3) {
		digits[n.IntN(len(digits))] = n.digit()
	}
	// The last digits are those of a person.
	for range n.IntN(7) {
		digits[len(digits)-1-n.IntN(min(6, len(digits)))] = n.digit()
	}
	switch n.IntN(8) {
	case 0:
		return string(append(digits, n.digits(1+n.IntN(3))...))
	case 1:
		return string(digits[:n.IntN(len(digits))+1])
	default:
		return string(digits)
	}
}

// separated puts separators into a number, or none.
func (n *numbers) separated(digits string) string {
	if n.IntN(2) == 0 {
		return digits
	}
	separators := []string{" ", "-", ".", "/", " - ", "(", ") ", "\u00a0", "\u2013"}
	var text strings.Builder
	for _, digit := range digits {
		if n.IntN(4) == 0 {
			text.WriteString(pickOne(n, separators))
		}
		text.WriteRune(digit)
	}
	return text.String()
}

// noise is anything.
func (n *numbers) noise() string {
	const alphabet = "00112233445566778899+ -./()#*,;x~[]'\u00a0\u202a\uff0b\uff11\u0663\u0967e"
	runes := []rune(alphabet)
	var text strings.Builder
	for range n.IntN(24) {
		text.WriteRune(pickOne(n, runes))
	}
	return text.String()
}

func (n *numbers) digits(length int) string {
	digits := make([]byte, length)
	for i := range digits {
		digits[i] = n.digit()
	}
	return string(digits)
}

func (n *numbers) digit() byte { return "0123456789"[n.IntN(10)] }

func pickOne[T any](n *numbers, from []T) T { return from[n.IntN(len(from))] }
