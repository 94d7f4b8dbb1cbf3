package workflows

import "time"

// How the pace of a run is measured: over the last minute, with a mark every five
// seconds at the most.
const (
	paceOver  = time.Minute
	paceEvery = 5 * time.Second
)

// Pace is how far a run had come at some moments of the last minute.
type Pace struct {
	Marks []PaceMark `json:"marks,omitempty"`
}

// PaceMark is how many members had been read, or settled, at a moment.
type PaceMark struct {
	At time.Time `json:"at"`
	N  int64     `json:"n"`
}

// note takes note of how far the run has come.
func (p *Pace) note(at time.Time, n int64) {
	if last := len(p.Marks) - 1; last > 0 && p.Marks[last].At.Sub(p.Marks[last-1].At) < paceEvery {
		p.Marks[last] = PaceMark{at, n}
	} else {
		p.Marks = append(p.Marks, PaceMark{at, n})
	}
	for len(p.Marks) > 2 && at.Sub(p.Marks[1].At) >= paceOver {
		p.Marks = p.Marks[1:]
	}
}

// perSecond is how many members a second were done in the last minute.
func (p *Pace) perSecond(now time.Time) float64 {
	if len(p.Marks) < 2 {
		return 0
	}
	first, last := p.Marks[0], p.Marks[len(p.Marks)-1]
	took := now.Sub(first.At)
	if took < time.Second || now.Sub(last.At) >= paceOver {
		return 0
	}
	return float64(last.N-first.N) / took.Seconds()
}

// lasted is how long the pace was measured.
func (p *Pace) lasted(now time.Time) time.Duration {
	if len(p.Marks) < 2 {
		return 0
	}
	return now.Sub(p.Marks[0].At)
}
