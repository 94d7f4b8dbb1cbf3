package mapping

import (
	"slices"

	"audiencesync/internal/audience"
)

// PhoneParser returns what reads the phone numbers of a sync.
func PhoneParser(defaultRegion string, digitsAreInternational bool) func(string) (string, audience.Reason) {
	parser := newPhoneParser(defaultRegion, digitsAreInternational)
	return func(value string) (string, audience.Reason) { return parser.parse(value, phoneReasons) }
}

// ReadsAlone reports whether a number is read without the library.
func ReadsAlone(value, region string) bool {
	s := look(value, nil)
	_, sure := theNumbering().read(s.digits, s.plus, newHome(region))
	return s.plain && sure
}

// Completion returns the number with more digits that make it valid; empty if
// none do.
func Completion(value string) string {
	r := look(value, nil).read(home{})
	for _, national := range [][]byte{r.national, r.begun} {
		for more := 1; len(national)+more <= maxNational; more++ {
			for _, lazy := range theNumbering().codes[r.country].plans {
				if found := lazy().completed(national, more); found != nil {
					return value + string(found[len(national):])
				}
			}
		}
	}
	return ""
}

func (p *plan) completed(national []byte, more int) []byte {
	if p.kinds.ahead[p.kinds.run(national)]&(1<<more) == 0 {
		return nil
	}
	if more == 0 {
		if p.kindOf(national) == unknown {
			return nil
		}
		return national
	}
	for digit := byte('0'); digit <= '9'; digit++ {
		if found := p.completed(append(slices.Clip(national), digit), more-1); found != nil {
			return found
		}
	}
	return nil
}

// Walk draws the digits of a national number of a region, or of the beginning
// of one: each is equally likely where the region's patterns go on.
func Walk(region string, draw func(below int) int) string {
	kinds := theNumbering().region(region).kinds
	var digits, next []byte
	for state := uint16(start); len(digits) < maxNational; {
		next = next[:0]
		for digit := byte('0'); digit <= '9'; digit++ {
			if kinds.next[state][digit-'0'] != nowhere {
				next = append(next, digit)
			}
		}
		if len(next) == 0 || kinds.whole[state]&general != 0 && draw(3) == 0 {
			break
		}
		digits = append(digits, next[draw(len(next))])
		state = kinds.next[state][digits[len(digits)-1]-'0']
	}
	return string(digits)
}
