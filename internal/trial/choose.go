package trial

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// Candidate is a member that can be sent. It is contact data.
type Candidate struct {
	Member   ledger.ReadMember
	Contact  audience.Contact
	Withheld []audience.Withheld
}

// StopsTheRun is why a member is passed over that carries a label for which the
// mapping says unknown: stop.
const StopsTheRun audience.Reason = "labels_that_stop_a_run"

// PassedOver are members that a run would not send, by why.
type PassedOver struct {
	// Outcome is that of the members in a run; empty if the run would stop.
	Outcome audience.Outcome
	Reason  audience.Reason
	// Field is the catalogue field that is at fault.
	Field   string
	Members int64
}

// Why says it to a person.
func (p PassedOver) Why() string {
	if p.Reason == StopsTheRun {
		return "a tag or option that is not allowed or does not exist, and the mapping says unknown: stop: no run sends anything before that is settled"
	}
	return p.Reason.Explain()
}

// Chosen are members to be sent.
type Chosen struct {
	Candidates []Candidate
	// PassedOver are those on the way to them, most frequent first.
	PassedOver []PassedOver
	// Read is the number of members that were read.
	Read int64
	// Incomplete is why the source ended early, if it did.
	Incomplete string
}

// Choose reads the audience until it has found so many members that can be sent.
func (t *Trial) Choose(ctx context.Context, limit int) (Chosen, error) {
	var chosen Chosen
	passed := map[PassedOver]int64{}
	seed, seen := maphash.MakeSeed(), map[uint64]bool{}
	read, ended, err := t.options.each(ctx, func(member audience.Member) (bool, error) {
		candidate, over, err := t.look(member)
		if err != nil {
			return false, err
		}
		if reference := candidate.Member.Reference; reference != "" {
			digest := maphash.String(seed, reference)
			if seen[digest] {
				over = &PassedOver{Outcome: audience.Duplicate, Reason: audience.ReferenceSeenBefore}
			}
			seen[digest] = true
		}
		if over != nil {
			passed[*over]++
			return false, nil
		}
		chosen.Candidates = append(chosen.Candidates, candidate)
		return len(chosen.Candidates) == limit, nil
	})
	if err != nil {
		return Chosen{}, err
	}
	chosen.Read = read
	if !ended.Complete {
		chosen.Incomplete = ended.Why
	}
	for over, members := range passed {
		over.Members = members
		chosen.PassedOver = append(chosen.PassedOver, over)
	}
	slices.SortFunc(chosen.PassedOver, func(a, b PassedOver) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Field, b.Field))
	})
	return chosen, nil
}

// ChooseOne finds the member with a normalised reference.
func (t *Trial) ChooseOne(ctx context.Context, reference string) (Chosen, error) {
	member, read, err := t.Find(ctx, reference)
	if err != nil {
		return Chosen{}, err
	}
	candidate, over, err := t.look(member)
	if err != nil {
		return Chosen{}, err
	}
	if over != nil {
		over.Members = 1
		return Chosen{PassedOver: []PassedOver{*over}, Read: read}, nil
	}
	return Chosen{Candidates: []Candidate{candidate}, Read: read}, nil
}

// look finds out whether a run would send a member. The candidate has its
// reference also when it would not.
func (t *Trial) look(member audience.Member) (Candidate, *PassedOver, error) {
	mapper := t.Sync.Mapper
	mapped := mapper.Mapped(member)
	reference, rejected := mapper.Reference(mapped)
	c := Candidate{Member: ledger.ReadMember{Reference: reference, Mapped: mapped}}
	if excluded := mapper.Excluded(mapped); excluded != nil {
		return c, &PassedOver{Outcome: audience.Suppressed, Reason: excluded.Reason, Field: excluded.Field}, nil
	}
	if rejected == nil {
		c.Contact, c.Withheld, rejected = mapper.Contact(mapped, reference)
	}
	if len(mapper.Unknown(mapped)) > 0 {
		return c, &PassedOver{Reason: StopsTheRun}, nil
	}
	if rejected != nil {
		return c, &PassedOver{Outcome: audience.Invalid, Reason: rejected.Reason, Field: rejected.Field}, nil
	}
	fingerprint, err := mapper.Fingerprint(t.options.Pool.Ledger.Key(), mapped)
	if err != nil {
		return c, nil, fmt.Errorf("fingerprint of a member: %w", err)
	}
	c.Member.Fingerprint = fingerprint[:]
	if c.Member.FieldDigests, err = mapper.FieldDigests(t.options.Pool.Ledger.Key(), reference, mapped); err != nil {
		return c, nil, fmt.Errorf("fields of a member: %w", err)
	}
	return c, nil, nil
}
