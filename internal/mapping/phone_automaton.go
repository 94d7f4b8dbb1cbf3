package mapping

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
)

// automaton tells which of its patterns match a text of digits. It is a table
// with a row for each state, made from regular expressions: a digit costs one
// look-up, where a regular expression takes microseconds for a phone number.
type automaton struct {
	// next is the state after a digit. State 0 leads nowhere.
	next [][10]uint16
	// matches has a bit for each pattern that matches what led to the state;
	// whole has those that match if nothing follows, too.
	matches, whole []uint16
	// ahead has bit n when n more digits can lead to a state that wanted accepts.
	ahead []uint32
}

const (
	nowhere = 0
	start   = 1
	// mostStates is far above the few thousand of the largest numbering plan.
	mostStates = math.MaxUint16
)

// newAutomaton makes the automaton of at most 16 patterns, which all start
// where the text does. It fails on what has no place in a table, such as a
// word boundary.
func newAutomaton(patterns ...string) (*automaton, error) {
	b := subsets{automaton: &automaton{}, states: map[string]uint16{}}
	for _, pattern := range patterns {
		if err := b.add(pattern); err != nil {
			return nil, fmt.Errorf("pattern %s: %w", pattern, err)
		}
	}
	return b.automaton, b.build()
}

// subsets turns the programs of regular expressions into an automaton: each of
// its states is a set of instructions that a text can lead to.
type subsets struct {
	*automaton
	instructions []syntax.Inst
	// ends is the bit of the pattern that an instruction belongs to.
	ends   []uint16
	starts []uint32
	states map[string]uint16
	sets   [][]uint32
}

// add appends the program of a pattern.
func (s *subsets) add(pattern string) error {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err
	}
	offset := uint32(len(s.instructions)) //nolint:gosec // programs are small
	end := uint16(1) << len(s.starts)
	s.starts = append(s.starts, offset+uint32(program.Start)) //nolint:gosec // programs are small
	for _, i := range program.Inst {
		if i.Op == syntax.InstEmptyWidth && i.Arg != uint32(syntax.EmptyEndText) {
			return fmt.Errorf("%s looks at more than digits", i.String())
		}
		i.Out += offset
		if i.Op == syntax.InstAlt || i.Op == syntax.InstAltMatch {
			i.Arg += offset
		}
		s.instructions = append(s.instructions, i)
		s.ends = append(s.ends, end)
	}
	return nil
}

func (s *subsets) build() error {
	s.state(nil)
	var first []uint32
	for _, at := range s.starts {
		first = s.follow(first, at)
	}
	s.state(first)
	for from := start; from < len(s.sets); from++ {
		if len(s.sets) > mostStates-10 {
			return fmt.Errorf("more than %d states", mostStates)
		}
		for digit := range s.next[from] {
			var to []uint32
			for _, at := range s.sets[from] {
				if i := &s.instructions[at]; i.MatchRune(rune('0' + digit)) {
					to = s.follow(to, i.Out)
				}
			}
			s.next[from][digit] = s.state(to)
		}
	}
	return nil
}

// state returns the state that stands for a set of instructions.
func (s *subsets) state(set []uint32) uint16 {
	slices.Sort(set)
	key := make([]byte, 0, 4*len(set))
	for _, at := range set {
		key = binary.BigEndian.AppendUint32(key, at)
	}
	if known, ok := s.states[string(key)]; ok {
		return known
	}
	state := uint16(len(s.sets)) //nolint:gosec // build bounds it
	s.states[string(key)] = state
	s.sets = append(s.sets, set)
	s.next = append(s.next, [10]uint16{})
	matches := s.matching(set)
	for at := 0; at < len(set); at++ {
		if i := &s.instructions[set[at]]; i.Op == syntax.InstEmptyWidth {
			set = s.follow(set, i.Out)
		}
	}
	s.matches, s.whole = append(s.matches, matches), append(s.whole, s.matching(set))
	return state
}

// matching returns the patterns that match where the instructions stand.
func (s *subsets) matching(set []uint32) (matches uint16) {
	for _, at := range set {
		if s.instructions[at].Op == syntax.InstMatch {
			matches |= s.ends[at]
		}
	}
	return matches
}

// follow adds the instruction at a place, and those that it leads to without a
// digit.
func (s *subsets) follow(set []uint32, at uint32) []uint32 {
	if slices.Contains(set, at) {
		return set
	}
	set = append(set, at)
	switch i := &s.instructions[at]; i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return s.follow(s.follow(set, i.Out), i.Arg)
	case syntax.InstCapture, syntax.InstNop:
		return s.follow(set, i.Out)
	default:
		return set
	}
}

// lookAhead fills ahead, as far as so many digits.
func (a *automaton) lookAhead(digits int, wanted func(matches uint16) bool) {
	a.ahead = make([]uint32, len(a.next))
	for state, matches := range a.whole {
		if wanted(matches) {
			a.ahead[state] = 1
		}
	}
	for range digits {
		for state := start; state < len(a.next); state++ {
			for _, next := range a.next[state] {
				a.ahead[state] |= a.ahead[next] << 1
			}
		}
	}
}

// run returns the state that the digits lead to.
func (a *automaton) run(digits []byte) uint16 {
	state := uint16(start)
	for _, digit := range digits {
		state = a.next[state][digit-'0']
	}
	return state
}

// prefix returns the length of the prefix that the patterns match. It is not
// sure when there are several: then it depends on how they are written.
func (a *automaton) prefix(digits []byte) (length int, found, sure bool) {
	sure = true
	state := uint16(start)
	for i := 0; state != nowhere; i++ {
		if a.matches[state] != 0 || i == len(digits) && a.whole[state] != 0 {
			sure = !found
			length, found = i, true
			if !sure {
				break
			}
		}
		if i == len(digits) {
			break
		}
		state = a.next[state][digits[i]-'0']
	}
	return length, found, sure
}
