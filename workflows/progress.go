package workflows

import (
	"fmt"
	"strings"
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

// markdown is the run at a glance for Temporal's web UI.
func (p *Progress) markdown() string {
	var b strings.Builder
	row := func(name, value string) { fmt.Fprintf(&b, "| %s | %s |\n", name, value) }
	fmt.Fprintf(&b, "**%s**, run %d: %s\n\n| | |\n|---|---|\n", p.Sync, p.Run, p.Phase)
	for _, hold := range []*Hold{p.Hold, p.Paused} {
		if hold != nil {
			row("**waits for "+string(hold.Kind)+"**", hold.Why)
		}
	}
	row("read", audience.Thousands(p.Read))
	row("to send", audience.Thousands(p.ToSend))
	row("accepted", audience.Thousands(p.Outcomes.Taken()))
	row("unchanged", audience.Thousands(p.Outcomes.Unchanged))
	row("not sent or not taken", audience.Thousands(p.Outcomes.Invalid+p.Outcomes.Duplicate+p.Outcomes.Suppressed+p.Outcomes.Refused+p.Outcomes.Unresolved))
	if p.Plan != nil && p.Plan.Leavers > 0 {
		row("left the audience", fmt.Sprintf("%s, %s unmarked", audience.Thousands(p.Plan.Leavers), audience.Thousands(p.Leavers.Removed)))
	}
	row("batches", fmt.Sprintf("%d of %d, %d under way", p.BatchesDone, p.Batches, p.InFlight))
	if p.Expected != nil && p.Counted != nil {
		row("segment", fmt.Sprintf("%s counted, %s expected", audience.Thousands(*p.Counted), audience.Thousands(*p.Expected)))
	}
	return b.String()
}
