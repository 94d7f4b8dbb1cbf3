package mapping

import (
	"errors"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// calling is a country calling code and the plans that share it, the main one
// first. A plan that could not be made is nil.
type calling struct {
	code  int
	plans []func() *plan
}

// numbering is all numbering plans of the world. A plan is made when the first
// number needs it, which takes a few milliseconds for the largest.
type numbering struct {
	regions map[string]func() *plan
	codes   [1000]*calling
}

var theNumbering = sync.OnceValue(func() *numbering {
	n := &numbering{regions: map[string]func() *plan{}}
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		// The library could not have started.
		return n
	}
	global := map[int]func() *plan{}
	for _, region := range metadata.GetMetadata() {
		lazy := sync.OnceValue(func() *plan {
			if made, err := newPlan(region); err == nil {
				return made
			}
			return nil
		})
		if region.GetId() == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
			global[int(region.GetCountryCode())] = lazy
		} else {
			n.regions[region.GetId()] = lazy
		}
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		shared := &calling{code: code}
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			lazy, ok := n.regions[region]
			if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
				lazy, ok = global[code]
			}
			if !ok {
				lazy = func() *plan { return nil }
			}
			shared.plans = append(shared.plans, lazy)
		}
		n.codes[code] = shared
	}
	return n
})

// region returns the plan of a region, nil if there is none.
func (n *numbering) region(code string) *plan {
	if lazy, ok := n.regions[code]; ok {
		return lazy()
	}
	return nil
}

// cut takes the country calling code off a number.
func (n *numbering) cut(number []byte) (*calling, []byte) {
	code := 0
	for i, digit := range number[:min(len(number), phonenumbers.MAX_LENGTH_COUNTRY_CODE)] {
		code = 10*code + int(digit-'0')
		if code == 0 {
			return nil, nil
		}
		if c := n.codes[code]; c != nil {
			return c, number[i+1:]
		}
	}
	return nil, nil
}

// kindOf returns the kind of a national number of the country. The plans say by
// leading digits which of them a number is of, or else by having such a number.
func (c *calling) kindOf(national []byte) (kind numberKind, sure bool) {
	for _, lazy := range c.plans {
		plan := lazy()
		switch {
		case plan == nil:
			return unknown, false
		case plan.leading == nil || len(c.plans) == 1:
			if kind = plan.kindOf(national); kind != unknown {
				return kind, true
			}
		case plan.leads(national):
			return plan.kindOf(national), true
		}
	}
	return unknown, true
}

// isShort reports whether more digits could make it a number of the country.
func (c *calling) isShort(national []byte) bool {
	for _, lazy := range c.plans {
		if plan := lazy(); plan != nil && plan.isShort(national) {
			return true
		}
	}
	return false
}

// readByLibrary reads what the automatons cannot.
func (n *numbering) readByLibrary(text, region string) reading {
	number, err := phonenumbers.Parse(text, region)
	if err != nil {
		return reading{short: errors.Is(err, phonenumbers.ErrTooShortNSN) || errors.Is(err, phonenumbers.ErrTooShortAfterIDD)}
	}
	national := []byte(phonenumbers.GetNationalSignificantNumber(number))
	r := reading{country: int(number.GetCountryCode()), national: national, begun: national}
	if !phonenumbers.IsValidNumber(number) {
		return r
	}
	r.kind = someKind
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		r.kind = reachable
	default:
	}
	return r
}
