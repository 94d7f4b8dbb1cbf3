package audience

// Outcome is what happened to one member or leaver in one run. Every member
// has exactly one.
type Outcome string

// The outcomes of a member.
const (
	// Unchanged: accepted earlier with the same content; nothing was sent.
	Unchanged Outcome = "unchanged"
	// Created: Hello Charles said that it created the contact.
	Created Outcome = "created"
	// Updated: Hello Charles said that it updated the contact.
	Updated Outcome = "updated"
	// Accepted: taken by Hello Charles, which did not say whether it created
	// or updated the contact.
	Accepted Outcome = "accepted"
	// Invalid: not sent, because it failed our checks.
	Invalid Outcome = "invalid"
	// Duplicate: not sent, because an earlier member has the same reference.
	Duplicate Outcome = "duplicate"
	// Suppressed: not sent, because the filter excludes it or it was forgotten.
	Suppressed Outcome = "suppressed"
	// Refused: Hello Charles said no.
	Refused Outcome = "refused"
	// Unresolved: nobody knows whether Hello Charles has it.
	Unresolved Outcome = "unresolved"
)

// Failed reports whether the outcome is a failure, which is kept with its reason.
func (o Outcome) Failed() bool {
	return o == Invalid || o == Refused || o == Unresolved
}

// Took reports whether Hello Charles has the member's content as of this run.
func (o Outcome) Took() bool {
	return o == Created || o == Updated || o == Accepted
}

// Outcomes counts members by outcome.
type Outcomes struct {
	Unchanged  int64 `json:"unchanged"`
	Created    int64 `json:"created"`
	Updated    int64 `json:"updated"`
	Accepted   int64 `json:"accepted"`
	Invalid    int64 `json:"invalid"`
	Duplicate  int64 `json:"duplicate"`
	Suppressed int64 `json:"suppressed"`
	Refused    int64 `json:"refused"`
	Unresolved int64 `json:"unresolved"`
}

// Add counts n more members with outcome o. An outcome that is not one of the
// nine counts as unresolved: what nobody can name is not a success.
func (c *Outcomes) Add(o Outcome, n int64) {
	*c.of(o) += n
}

// Of returns the number of members with outcome o.
func (c *Outcomes) Of(o Outcome) int64 { return *c.of(o) }

func (c *Outcomes) of(o Outcome) *int64 {
	switch o {
	case Unchanged:
		return &c.Unchanged
	case Created:
		return &c.Created
	case Updated:
		return &c.Updated
	case Accepted:
		return &c.Accepted
	case Invalid:
		return &c.Invalid
	case Duplicate:
		return &c.Duplicate
	case Suppressed:
		return &c.Suppressed
	case Refused:
		return &c.Refused
	default:
		return &c.Unresolved
	}
}

// Merge adds the counts of other.
func (c *Outcomes) Merge(other Outcomes) {
	c.Unchanged += other.Unchanged
	c.Created += other.Created
	c.Updated += other.Updated
	c.Accepted += other.Accepted
	c.Invalid += other.Invalid
	c.Duplicate += other.Duplicate
	c.Suppressed += other.Suppressed
	c.Refused += other.Refused
	c.Unresolved += other.Unresolved
}

// Total is the number of members counted; for a finished run it equals the
// number of members read.
func (c Outcomes) Total() int64 {
	return c.Unchanged + c.Created + c.Updated + c.Accepted + c.Invalid +
		c.Duplicate + c.Suppressed + c.Refused + c.Unresolved
}

// Taken is the number of members that Hello Charles accepted in this run.
func (c Outcomes) Taken() int64 { return c.Created + c.Updated + c.Accepted }

// Failures is the number of members that could not be brought.
func (c Outcomes) Failures() int64 { return c.Invalid + c.Refused + c.Unresolved }
