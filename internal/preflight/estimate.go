package preflight

import (
	"fmt"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Estimate is what it takes to send so many members at the limits of a
// destination. It is a lower bound: Hello Charles may be slower.
type Estimate struct {
	Batches  int64
	Requests int64
	Time     time.Duration
	Notes    []string
}

// longSend is when an estimate says that there is a faster way.
const longSend = 12 * time.Hour

// EstimateFor estimates the sending of so many members.
func EstimateFor(members int64, settings config.HelloCharles) Estimate {
	size := int64(settings.BatchSize())
	e := Estimate{Batches: (members + size - 1) / size}
	e.Requests = e.Batches
	if settings.Send == config.SendSingle {
		e.Requests = members
	}
	e.Time = TimeFor(e.Requests, settings)
	if settings.Send == config.SendSingle && e.Time > longSend {
		e.Notes = append(e.Notes, fmt.Sprintf(
			"one contact a request (send: single) takes %s for %s members at %g requests a second; the Batched Contacts API takes 1,000 contacts a request: ask your Hello Charles success manager to enable it, then set send: batch",
			audience.Spell(e.Time), audience.Thousands(members), settings.Limits.RequestsPerSecond))
	}
	return e
}

// TimeFor is how long so many requests take at the limits of a destination.
func TimeFor(requests int64, settings config.HelloCharles) time.Duration {
	return time.Duration(float64(requests) / settings.Limits.RequestsPerSecond * float64(time.Second))
}
