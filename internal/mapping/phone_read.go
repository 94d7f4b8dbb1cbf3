package mapping

import (
	"bytes"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// reading is what a text is as a phone number.
type reading struct {
	// country is the country calling code.
	country int
	// national is the national significant number.
	national []byte
	// begun is the same without what more digits could show to be a trunk prefix.
	begun []byte
	kind  numberKind
	// short: it has not even enough digits to be taken apart.
	short bool
}

func (r reading) valid() bool { return r.kind != unknown }

// isShort reports whether more digits could make it a number.
func (r reading) isShort() bool {
	calling := theNumbering().codes[r.country]
	return r.short || calling != nil && (calling.isShort(r.national) || calling.isShort(r.begun))
}

// e164 returns the number in E.164 form.
func (r reading) e164() string {
	b := make([]byte, 0, 4+maxNational)
	b = append(b, '+')
	for power := 100; power > 0; power /= 10 {
		if r.country >= power {
			b = append(b, byte('0'+r.country/power%10))
		}
	}
	return string(append(b, r.national...))
}

// spelling is a text that may be a phone number, looked at once.
type spelling struct {
	// added is a plus that is not in the text.
	added, text string
	// digits are its digits.
	digits []byte
	plus   bool
	// plain: there are only ASCII digits, at least three, the usual separators,
	// and at most a plus in front. How a number is spelt is no riddle then.
	plain bool
}

// A plain spelling has few enough digits for a buffer, and more than the
// library treats as a case of its own.
const (
	fewestPlain = 3
	mostPlain   = 32
)

// look looks at a text; the digits go to a buffer of mostPlain.
func look(text string, digits []byte) spelling {
	s := spelling{text: text}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if len(digits) == mostPlain {
				return s
			}
			digits = append(digits, c)
		case c == '+' && !s.plus && len(digits) == 0:
			s.plus = true
		case c != ' ' && c != '-' && c != '.' && c != '/' && c != '(' && c != ')':
			return s
		}
	}
	s.digits = digits
	s.plain = len(digits) >= fewestPlain && len(text) < phonenumbers.MAX_INPUT_STRING_LENGTH
	return s
}

// isNational reports whether the digits start as no country calling code does.
func (s spelling) isNational() bool {
	if s.plain {
		return s.digits[0] == '0'
	}
	return strings.HasPrefix(phonenumbers.NormalizeDigitsOnly(s.text), "0")
}

// abroad is the spelling with a plus in front, in the place of the 00 that is
// dialled for it in most countries.
func (s spelling) abroad() (withPlus spelling, dialled bool) {
	s.text, dialled = strings.CutPrefix(s.text, "00")
	if dialled && s.plain {
		s.digits = s.digits[2:]
		s.plain = len(s.digits) >= fewestPlain
	}
	s.added, s.plus = "+", true
	return s, dialled
}

// home is the region that numbers without a country calling code belong to;
// the zero value is none.
type home struct {
	region string
	// country is the region's calling code.
	country int
	plan    *plan
}

func newHome(region string) home {
	return home{region: region, country: phonenumbers.GetCountryCodeForRegion(region), plan: theNumbering().region(region)}
}

// read reads a spelling as the phone number library does.
func (s spelling) read(at home) reading {
	numbering := theNumbering()
	if s.plain {
		if r, sure := numbering.read(s.digits, s.plus, at); sure {
			return r
		}
	}
	return numbering.readByLibrary(s.added+s.text, at.region)
}

// read follows libphonenumber step by step, and is not sure where the steps
// cannot be done with automatons. A test holds the two against each other.
func (n *numbering) read(digits []byte, plus bool, at home) (r reading, sure bool) {
	switch {
	case plus:
		// Where no country has the code, the library tries the home region.
		r, sure = n.readAbroad(digits)
		return r, sure && (r.country != 0 || r.short || at.region == "")
	case at.plan == nil:
		return r, at.region == ""
	}
	length, found, sure := at.plan.abroad.prefix(digits)
	switch {
	case !sure:
		return r, false
	case found && (length == len(digits) || digits[length] != '0'):
		return n.readAbroad(digits[length:])
	}
	// A number may be written with its country calling code, but without plus.
	if rest, ok := bytes.CutPrefix(digits, []byte(at.plan.code)); ok {
		if rest, sure = at.plan.dropTrunk(rest); !sure {
			return r, false
		}
		if at.plan.isTooLong(digits) || !at.plan.isGeneral(digits) && at.plan.isGeneral(rest) {
			calling := n.codes[at.country]
			return calling.read(calling.plans[0](), rest)
		}
	}
	return n.codes[at.country].read(at.plan, digits)
}

// readAbroad reads a number that begins with a country calling code.
func (n *numbering) readAbroad(number []byte) (r reading, sure bool) {
	if len(number) <= minNational {
		return reading{short: true}, true
	}
	calling, national := n.cut(number)
	if calling == nil {
		return r, true
	}
	return calling.read(calling.plans[0](), national)
}

// read reads a number that is national but for a trunk prefix, by the plan of
// the region that it is dialled in.
func (c *calling) read(dialled *plan, number []byte) (r reading, sure bool) {
	if dialled == nil {
		return r, false
	}
	national, sure := dialled.dropTrunk(number)
	if !sure {
		return r, false
	}
	r = reading{country: c.code, national: national, begun: national}
	if len(number) < minNational || !dialled.mayDropTrunk(len(national)) {
		national = number
		r.national = number
	}
	switch {
	case len(national) < minNational:
		r.short = true
		return r, true
	case len(national) > maxNational:
		return r, true
	}
	r.kind, sure = c.kindOf(national)
	return r, sure
}
