package ledger

import (
	"maps"

	"audiencesync/internal/audience"
)

// ReadMember is a member with a usable reference.
type ReadMember struct {
	// Position is the member's place in its page, from 1.
	Position    int
	Reference   string
	Fingerprint []byte
	// FieldDigests are what a trial keeps beside the fingerprint; a run makes them
	// when the member is taken.
	FieldDigests []byte
	Mapped       audience.Member
	// Suppressed says why the filter excludes the member; nil if it does not.
	Suppressed *Suppression
	// Unknown are labels that stop the run because Hello Charles does not know
	// them or the sync does not allow them.
	Unknown []audience.Withheld
}

// Suppression says why a member is not sent although it could be.
type Suppression struct {
	Reason audience.Reason
	Field  string
}

// Objection says why a member cannot be sent.
type Objection struct {
	// Outcome is what becomes of the member; empty is invalid.
	Outcome audience.Outcome
	Reason  audience.Reason
	Field   string
}

// RejectedMember is a member that is settled while reading, without a reference.
type RejectedMember struct {
	// Position is the member's place in its page, from 1.
	Position int
	// Outcome is Invalid or Suppressed.
	Outcome     audience.Outcome
	Reason      audience.Reason
	Field       string
	Fingerprint []byte
	Mapped      audience.Member
}

// PageInput is one page of the source, looked at.
type PageInput struct {
	Next     audience.Cursor
	Last     bool
	Members  []ReadMember
	Rejected []RejectedMember
	// Check returns the channels that a member is sent with, or why it cannot be
	// sent. It is asked for those that would be sent; without it all can.
	Check func(ReadMember) (Channels, *Objection)
	// Sample is how many members of the whole read are drawn to be read back; 0 for none.
	Sample int
	// Changed names the fields of a member that differ from what was accepted, of
	// which it gets the digests; without digests all that the member has. sameMapping
	// is false if those are of another mapping or of other settings. It is asked for
	// a plan's samples only; without it they name no fields.
	Changed func(member ReadMember, accepted []byte) (names []string, sameMapping bool, err error)
	// Unfilled are the fields of the mapping in which no member of the page has a value, each
	// with the field that was probably meant; empty where none is near.
	Unfilled map[string]string
}

// PageResult counts what became of the members of one page, or of several.
type PageResult struct {
	Read     int64             `json:"read"`
	Outcomes audience.Outcomes `json:"outcomes"`
	Reasons  map[string]int64  `json:"reasons,omitempty"`
	// Known of the outcomes are failures that an earlier run met already.
	Known int64 `json:"known,omitempty"`
	// Unknown members carry at least one label that stops the run.
	Unknown int64 `json:"unknown,omitempty"`
	// Staged members wait in batches. Joiners of them were never accepted from this sync.
	Staged  int64 `json:"staged"`
	Joiners int64 `json:"joiners,omitempty"`
	// Unfilled are the fields of the mapping in which none of the members has a value, each
	// with the field that was probably meant; empty where none is near.
	Unfilled map[string]string `json:"unfilled,omitempty"`
}

// Merge adds the counts of other.
func (p *PageResult) Merge(other PageResult) {
	switch {
	case other.Read == 0:
	case p.Read == 0:
		p.Unfilled = maps.Clone(other.Unfilled)
	default:
		maps.DeleteFunc(p.Unfilled, func(field, _ string) bool {
			_, unfilled := other.Unfilled[field]
			return !unfilled
		})
	}
	p.Read += other.Read
	p.Outcomes.Merge(other.Outcomes)
	p.Known += other.Known
	p.Unknown += other.Unknown
	p.Staged += other.Staged
	p.Joiners += other.Joiners
	p.Reasons = mergeCounts(p.Reasons, other.Reasons)
}

func (p *PageResult) count(outcome audience.Outcome, reason string) {
	p.Outcomes.Add(outcome, 1)
	p.Reasons = mergeCounts(p.Reasons, map[string]int64{reason: 1})
}

func mergeCounts(into, from map[string]int64) map[string]int64 {
	if into == nil && len(from) > 0 {
		into = make(map[string]int64, len(from))
	}
	for name, n := range from {
		into[name] += n
	}
	return into
}
