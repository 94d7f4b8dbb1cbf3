package simulator

import "time"

// Traffic is how many requests came, and how fast.
type Traffic struct {
	Requests int64 `json:"requests"`
	// TooMany were answered 429.
	TooMany int64 `json:"too_many"`
	// Seconds lie between the first request and the last.
	Seconds float64 `json:"seconds"`
	// PeakPerSecond is the most requests of any one second.
	PeakPerSecond int64 `json:"peak_per_second"`
}

// TooManyShare is the share of requests that were answered 429.
func (t Traffic) TooManyShare() float64 {
	if t.Requests == 0 {
		return 0
	}
	return float64(t.TooMany) / float64(t.Requests)
}

// PerSecond is the rate of requests that were not answered 429.
func (t Traffic) PerSecond() float64 {
	if t.Seconds == 0 {
		return 0
	}
	return float64(t.Requests-t.TooMany-1) / t.Seconds
}

// pace measures traffic.
type pace struct {
	requests, tooMany, peak int64
	first, last             time.Time
	// recent are the arrivals of the last second.
	recent []time.Time
}

func (p *pace) arrive(now time.Time) {
	if p.requests == 0 {
		p.first = now
	}
	p.requests++
	p.last = now
	for len(p.recent) > 0 && now.Sub(p.recent[0]) >= time.Second {
		p.recent = p.recent[1:]
	}
	p.recent = append(p.recent, now)
	p.peak = max(p.peak, int64(len(p.recent)))
}

func (p *pace) traffic() Traffic {
	return Traffic{
		Requests: p.requests, TooMany: p.tooMany, PeakPerSecond: p.peak,
		Seconds: p.last.Sub(p.first).Seconds(),
	}
}
