package contacts

import "time"

// Lag is how the count of a segment follows the writes (see docs/hello-charles.md
// A11). The zero value follows at once.
type Lag struct {
	// Delay is the time from a write to its effect on the count.
	Delay time.Duration `yaml:"delay"`
	// Step is the time between two moments at which the count moves; zero
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
	pending []change
	// caughtUp counts readings at which nothing was pending.
	caughtUp int
}

type change struct {
	at    time.Time
	delta int64
}

// add notes a change of the count. Changes of the same hundredth of the delay
// are kept as one.
func (t *tally) add(delta int64, now time.Time, lag Lag) {
	t.actual += delta
	if lag.Delay == 0 && lag.Step == 0 && len(t.pending) == 0 {
		t.visible += delta
		return
	}
	if n := len(t.pending); n > 0 && now.Sub(t.pending[n-1].at) < max(lag.Delay, lag.Step)/100 {
		t.pending[n-1].delta += delta
		return
	}
	t.pending = append(t.pending, change{now, delta})
}

// settle moves the visible count to what it is now.
func (t *tally) settle(now time.Time, lag Lag) {
	if lag.Step > 0 {
		now = now.Truncate(lag.Step)
	}
	done := 0
	for done < len(t.pending) && !t.pending[done].at.Add(lag.Delay).After(now) {
		t.visible += t.pending[done].delta
		done++
	}
	t.pending = t.pending[done:]
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
