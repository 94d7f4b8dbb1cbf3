package mapping

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// The patterns of a numbering plan, as bits of its automaton.
const (
	general uint16 = 1 << iota
	fixedLine
	mobile
	// special and the bits above it are all other kinds: premium rate, toll
	// free and so on.
	special
)

// plan is the numbering plan of a region: libphonenumber's metadata, with its
// patterns as automatons.
type plan struct {
	// code is the country calling code.
	code string
	// abroad matches what is dialled before a country calling code.
	abroad *automaton
	// trunk matches what is dialled before a number within the country; nil if
	// there is no such thing.
	trunk *automaton
	// rewrites: the trunk prefix is not just dropped, parts of it stay.
	rewrites bool
	// leading tells the plan from others of the same calling code; nil: the
	// kinds do.
	leading *automaton
	// kinds matches national numbers.
	kinds *automaton
	// lengths holds, by the length of a national number, the kinds that it may be.
	lengths [maxNational + 1]uint16
	// fits holds, by length, whether a trunk prefix may be dropped for it.
	fits [maxNational + 1]bool
	// longest is the greatest length of a national number.
	longest int
	// mixed: mobile numbers and landlines have the same pattern.
	mixed bool
}

// The lengths of national numbers that libphonenumber reads.
const (
	minNational = phonenumbers.MIN_LENGTH_FOR_NSN
	maxNational = phonenumbers.MAX_LENGTH_FOR_NSN
)

// newPlan makes the plan of a region's metadata.
func newPlan(region *phonenumbers.PhoneMetadata) (*plan, error) {
	p := &plan{
		code:     strconv.Itoa(int(region.GetCountryCode())),
		rewrites: region.GetNationalPrefixTransformRule() != "",
		mixed:    region.GetSameMobileAndFixedLinePattern(),
	}
	var err error
	if p.abroad, err = newAutomaton(region.GetInternationalPrefix()); err != nil {
		return nil, err
	}
	if pattern := region.GetNationalPrefixForParsing(); pattern != "" {
		if p.trunk, err = newAutomaton(pattern); err != nil {
			return nil, err
		}
	}
	if pattern := region.GetLeadingDigits(); pattern != "" {
		if p.leading, err = newAutomaton(pattern); err != nil {
			return nil, err
		}
	}
	if err := p.addKinds(region); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *plan) addKinds(region *phonenumbers.PhoneMetadata) error {
	kinds := []*phonenumbers.PhoneNumberDesc{
		region.GetGeneralDesc(), region.GetFixedLine(), region.GetMobile(),
		region.GetPremiumRate(), region.GetTollFree(), region.GetSharedCost(), region.GetVoip(),
		region.GetPersonalNumber(), region.GetPager(), region.GetUan(), region.GetVoicemail(),
	}
	patterns := make([]string, len(kinds))
	for i, kind := range kinds {
		if kind == nil {
			return fmt.Errorf("%s has no pattern %d", region.GetId(), i)
		}
		patterns[i] = kind.GetNationalNumberPattern()
		for length := range p.lengths {
			if isPossible := kind.GetPossibleLength(); len(isPossible) == 0 || slices.Contains(isPossible, int32(length)) {
				p.lengths[length] |= 1 << i
			}
		}
	}
	possible, local := kinds[0].GetPossibleLength(), kinds[0].GetPossibleLengthLocalOnly()
	if len(possible) == 0 {
		return fmt.Errorf("%s has numbers of no length", region.GetId())
	}
	p.longest = int(slices.Max(possible))
	for length := range p.fits {
		is := int32(length)
		p.fits[length] = !slices.Contains(local, is) && (slices.Contains(possible, is) || length > p.longest)
	}
	var err error
	if p.kinds, err = newAutomaton(patterns...); err != nil {
		return err
	}
	p.kinds.lookAhead(maxNational, func(matches uint16) bool { return p.kind(matches, ^uint16(0)) != unknown })
	return nil
}

// numberKind is what matters here of the kind of a number.
type numberKind uint8

const (
	unknown numberKind = iota
	someKind
	// reachable is a mobile number, or one that may be.
	reachable
)

// kindOf returns the kind of a national number, unknown if it is none of this
// plan.
func (p *plan) kindOf(national []byte) numberKind {
	return p.kind(p.kinds.whole[p.kinds.run(national)], p.lengths[len(national)])
}

func (p *plan) kind(matches, possible uint16) numberKind {
	matches &= possible
	isMobile := matches&mobile != 0
	switch {
	case matches&general == 0:
		return unknown
	case matches >= special:
		return someKind
	case matches&fixedLine != 0:
		if p.mixed || isMobile {
			return reachable
		}
		return someKind
	case isMobile && !p.mixed:
		return reachable
	}
	return unknown
}

// isGeneral reports whether the digits have the form of a national number of
// any kind.
func (p *plan) isGeneral(digits []byte) bool {
	return p.kinds.whole[p.kinds.run(digits)]&general != 0
}

// isShort reports whether more digits could make it a number.
func (p *plan) isShort(national []byte) bool {
	if len(national) >= maxNational {
		return false
	}
	ahead := p.kinds.ahead[p.kinds.run(national)] >> 1
	for length := len(national) + 1; length <= maxNational && ahead != 0; length++ {
		if ahead&1 != 0 && p.lengths[length]&general != 0 {
			return true
		}
		ahead >>= 1
	}
	return false
}

// dropTrunk drops the trunk prefix of a number, such as the zero of
// 0151 12345678.
func (p *plan) dropTrunk(number []byte) (national []byte, sure bool) {
	if p.trunk == nil || len(number) == 0 {
		return number, true
	}
	length, found, sure := p.trunk.prefix(number)
	switch {
	case !found:
		return number, true
	case !sure || p.rewrites:
		return number, false
	case p.isGeneral(number) && !p.isGeneral(number[length:]):
		return number, true
	}
	return number[length:], true
}

// mayDropTrunk reports whether a number of this length may be one whose trunk
// prefix was dropped.
func (p *plan) mayDropTrunk(length int) bool {
	return length > maxNational || p.fits[length]
}

// isTooLong reports whether the digits are more than a national number has.
func (p *plan) isTooLong(digits []byte) bool {
	return len(digits) > p.longest && p.mayDropTrunk(len(digits))
}

// leads reports whether a number is one of this plan because of how it begins.
func (p *plan) leads(national []byte) bool {
	_, found, _ := p.leading.prefix(national)
	return found
}
