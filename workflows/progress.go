package workflows

import (
	"time"

	"audiencesync/internal/audience"
)

// Phase is the step that a run is in.
type Phase string

// The phases of a run.
const (
	PhaseOpen   Phase = "open"
	PhaseRead   Phase = "read"
	PhaseDecide Phase = "decide"
	PhaseGate   Phase = "gate"
	PhaseSend   Phase = "send"
	PhaseProve  Phase = "prove"
	PhaseClose  Phase = "close"
	PhaseDone   Phase = "done"
)

var order = map[Phase]int{PhaseOpen: 1, PhaseRead: 2, PhaseDecide: 3, PhaseGate: 4, PhaseSend: 5, PhaseProve: 6, PhaseClose: 7, PhaseDone: 8}

// Before reports whether a run comes through the phase earlier than through other.
func (p Phase) Before(other Phase) bool { return order[p] < order[other] }

// Progress is how far a run has come. It is also carried from one history to
// the next.
type Progress struct {
	Sync      string    `json:"sync"`
	Run       int64     `json:"run"`
	Phase     Phase     `json:"phase"`
	StartedAt time.Time `json:"started_at"`
	// Pages and Read members so far.
	Pages int64 `json:"pages"`
	Read  int64 `json:"read"`
	// Plan is nil until the run has one.
	Plan *audience.Plan `json:"plan,omitempty"`
	// ToSend members and leavers wait in batches; Settled of them have an outcome.
	ToSend  int64 `json:"to_send"`
	Settled int64 `json:"settled"`
	// Batches is the number of batches known; BatchesDone of them are settled.
	Batches     int64             `json:"batches"`
	BatchesDone int64             `json:"batches_done"`
	InFlight    int               `json:"in_flight"`
	Outcomes    audience.Outcomes `json:"outcomes"`
	Leavers     audience.Leavers  `json:"leavers,omitzero"`
	Expected    *int64            `json:"expected,omitempty"`
	Counted     *int64            `json:"counted,omitempty"`
	// MovedAt is when something moved last: pages were read, a batch was settled, the
	// segment was counted, a step began.
	MovedAt time.Time `json:"moved_at,omitzero"`
	// Rate is how many members a second were read, or settled, in the last minute;
	// Allowed how many may be sent a second by the request budget of the workspace.
	Rate    float64 `json:"rate,omitempty"`
	Allowed float64 `json:"allowed,omitempty"`
	// SecondsLeft estimates how long sending goes on; zero where nobody can tell.
	SecondsLeft int64 `json:"seconds_left,omitempty"`
	// Stalled says that nothing moves, and that the run waits for no person.
	Stalled *Stall `json:"stalled,omitempty"`
	// Hold is what the run waits for a person for; Paused that somebody has
	// paused it. Holds is how often the run has waited.
	Hold   *Hold `json:"hold,omitempty"`
	Paused *Hold `json:"paused,omitempty"`
	Holds  int   `json:"holds,omitempty"`
	// Decisions are what people told the run, the newest 100.
	Decisions []audience.Decision `json:"decisions,omitempty"`
}

func (p *Progress) add(outcomes map[audience.Outcome]int64) (members int64) {
	for _, outcome := range []audience.Outcome{
		audience.Unchanged, audience.Created, audience.Updated, audience.Accepted, audience.Invalid,
		audience.Duplicate, audience.Suppressed, audience.Refused, audience.Unresolved,
	} {
		n := outcomes[outcome]
		p.Outcomes.Add(outcome, n)
		members += max(n, 0) // A failed mark takes a member from the unchanged.
	}
	return members
}

func (p *Progress) addLeavers(outcomes map[audience.Outcome]int64) (leavers int64) {
	for _, outcome := range []audience.Outcome{audience.Removed, audience.Gone, audience.Refused, audience.Unresolved} {
		p.Leavers.Add(outcome, outcomes[outcome])
		leavers += outcomes[outcome]
	}
	return leavers
}
