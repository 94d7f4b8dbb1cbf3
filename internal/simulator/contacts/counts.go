package contacts

import "time"

// Lag is how a segment, its count and its list, follows the writes (see
// docs/hello-charles.md A11). The zero value follows at once.
type Lag struct {
	// Delay is the time from a write to its effect on the segment.
	Delay time.Duration `yaml:"delay"`
	// Step is the time between two moments at which the segment moves; zero
	// moves it with every write.
	Step time.Duration `yaml:"step"`
	// Dip is the share by which the count falls short once, in the second
	// reading after it has caught up with the writes.
	Dip float64 `yaml:"dip"`
}

// tally is the count of one segment, now and as it shows.
type tally struct {
	actual  int64
	visible int64
	// pending are the changes that do not show yet, in their order.
	pending []change
	// caughtUp counts readings at which nothing was pending.
	caughtUp int
}

type change struct {
	at        time.Time
	crossings []crossing
}

// crossing is a contact that came into the segment, or went out of it.
type crossing struct {
	contact uint32
	in      bool
}

func (c crossing) delta() int64 {
	if c.in {
		return 1
	}
	return -1
}

// add notes a change of the segment. Changes of the same hundredth of the delay
// are kept as one.
func (t *tally) add(crossings []crossing, now time.Time, lag Lag) {
	for _, c := range crossings {
		t.actual += c.delta()
	}
	switch n := len(t.pending); {
	case len(crossings) == 0:
	case lag.Delay == 0 && lag.Step == 0 && n == 0:
		t.show(crossings)
	case n > 0 && now.Sub(t.pending[n-1].at) < max(lag.Delay, lag.Step)/100:
		t.pending[n-1].crossings = append(t.pending[n-1].crossings, crossings...)
	default:
		t.pending = append(t.pending, change{now, crossings})
	}
}

func (t *tally) show(crossings []crossing) {
	for _, c := range crossings {
		t.visible += c.delta()
	}
}

// settle moves what is visible to what it is now.
func (t *tally) settle(now time.Time, lag Lag) {
	if lag.Step > 0 {
		now = now.Truncate(lag.Step)
	}
	done := 0
	for done < len(t.pending) && !t.pending[done].at.Add(lag.Delay).After(now) {
		t.show(t.pending[done].crossings)
		done++
	}
	t.pending = t.pending[done:]
}

// late says, of the contacts whose crossings do not show yet, whether the segment
// still shows them.
func (t *tally) late() map[uint32]bool {
	shows := map[uint32]bool{}
	for _, change := range t.pending {
		for _, c := range change.crossings {
			if _, known := shows[c.contact]; !known {
				shows[c.contact] = !c.in
			}
		}
	}
	return shows
}

// read is one reading of the count.
func (t *tally) read(now time.Time, lag Lag) int64 {
	t.settle(now, lag)
	if len(t.pending) > 0 || t.visible == 0 {
		return t.visible
	}
	t.caughtUp++
	if lag.Dip > 0 && t.caughtUp == 2 {
		return t.visible - int64(float64(t.visible)*lag.Dip)
	}
	return t.visible
}
